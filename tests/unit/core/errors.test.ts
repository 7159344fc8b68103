import { describe, expect, it } from 'vitest';
import { describeError, fromDescription, TunesmithError } from '../../../src/core/errors';

describe('describeError', () => {
  it('carries a TunesmithError across a clone', () => {
    const error = new TunesmithError({ code: 'bad_row', message: 'Row 3 is empty.', hint: 'Delete it.' });
    const description = structuredClone(describeError(error));
    expect(description).toEqual({
      code: 'bad_row',
      message: 'Row 3 is empty.',
      hint: 'Delete it.',
      detail: '',
    });
    expect(describeError(fromDescription(description))).toEqual(description);
  });

  it('tells the cause where there is no other detail', () => {
    const error = new TunesmithError({ code: 'x', message: 'y', cause: new RangeError('too far') });
    expect(describeError(error).detail).toBe('RangeError: too far');
    expect(error.cause).toBeInstanceOf(RangeError);
  });

  it('describes whatever was thrown', () => {
    expect(describeError(new TypeError('no'))).toMatchObject({ code: 'unexpected_error', message: 'no' });
    expect(describeError(new DOMException('stopped', 'AbortError')).code).toBe('aborted');
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    for (const [thrown, message] of [
      ['text', 'text'],
      [undefined, 'undefined'],
      [{ a: 1 }, '{"a":1}'],
      [10n, '10'],
      [circular, '[object Object]'],
    ] as const) {
      expect(describeError(thrown).message).toBe(message);
    }
  });
});
