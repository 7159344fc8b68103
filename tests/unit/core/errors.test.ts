import { describe, expect, it } from 'vitest';
import { ERROR_CLASSES } from '../../../src/core/error_codes';
import { describeError, errorClass, TunesmithError, type TunesmithErrorInit } from '../../../src/core/errors';

describe('describeError', () => {
  it('carries a TunesmithError across a clone', () => {
    const error = new TunesmithError({
      code: 'file_unreadable',
      values: { name: 'a.jsonl' },
      detail: 'moved',
    });
    const description = structuredClone(describeError(error));
    expect(description).toEqual({ code: 'file_unreadable', values: { name: 'a.jsonl' }, detail: 'moved' });
    expect(describeError(new TunesmithError(description as TunesmithErrorInit))).toEqual(description);
  });

  it('tells the cause where there is no other detail', () => {
    const error = new TunesmithError({ code: 'device_lost', cause: new RangeError('too far') });
    expect(describeError(error).detail).toBe('RangeError: too far');
    expect(error.cause).toBeInstanceOf(RangeError);
  });

  it('describes whatever was thrown', () => {
    expect(describeError(new TypeError('no'))).toMatchObject({
      code: 'unexpected_error',
      values: { text: 'no' },
    });
    expect(describeError(new DOMException('stopped', 'AbortError')).code).toBe('aborted');
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    for (const [thrown, text] of [
      ['text', 'text'],
      [undefined, 'undefined'],
      [{ a: 1 }, '{"a":1}'],
      [10n, '10'],
      [circular, '[object Object]'],
    ] as const) {
      expect(describeError(thrown)).toEqual({ code: 'unexpected_error', values: { text }, detail: '' });
    }
  });
});

describe('an error’s class', () => {
  it('comes from the table, whichever side of the worker throws it', () => {
    const error = new TunesmithError({ code: 'storage_full', values: { what: 'The run', needed: 1 } });
    expect(errorClass(error)).toBe('full');
    expect(errorClass(new TunesmithError(describeError(error) as TunesmithErrorInit))).toBe('full');
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
