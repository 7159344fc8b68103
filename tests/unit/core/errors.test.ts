import { describe, expect, it } from 'vitest';
import { ERROR_CLASSES } from '../../../src/core/error_codes';
import { describeError, errorClass, fromDescription, TunesmithError } from '../../../src/core/errors';

describe('describeError', () => {
  it('carries a TunesmithError across a clone', () => {
    const error = new TunesmithError({ code: 'no_examples', message: 'Row 3 is empty.', hint: 'Delete it.' });
    const description = structuredClone(describeError(error));
    expect(description).toEqual({
      code: 'no_examples',
      values: {},
      message: 'Row 3 is empty.',
      hint: 'Delete it.',
      detail: '',
    });
    expect(describeError(fromDescription(description))).toEqual(description);
  });

  it('tells the cause where there is no other detail', () => {
    const error = new TunesmithError({
      code: 'setting_invalid',
      message: 'y',
      cause: new RangeError('too far'),
    });
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

describe('an error’s class', () => {
  it('comes from the table, whichever side of the worker throws it', () => {
    const error = new TunesmithError({ code: 'storage_full', message: 'No room.' });
    expect(errorClass(error)).toBe('full');
    expect(errorClass(fromDescription(describeError(error)))).toBe('full');
    expect(errorClass(new Error('anything else'))).toBeUndefined();
  });

  it('stands in a sorted table, so that a code is found and added once', () => {
    const codes = Object.keys(ERROR_CLASSES);
    expect(codes).toEqual(codes.toSorted());
  });

  it('keeps the word adapter for LoRA: those of graphics begin with gpu', () => {
    const ofDevice = Object.entries(ERROR_CLASSES).filter(([, kind]) => kind === 'device');
    expect(ofDevice.filter(([code]) => code.startsWith('adapter_'))).toEqual([]);
  });
});
