import { describe, expect, it } from 'vitest';
import { alignUp } from '../../../src/core/align';
import { bytesOf, concatBytes, sha256Hex } from '../../../src/core/bytes';
import { isRecord } from '../../../src/core/json';
import { elementCount, sameShape, shapeText } from '../../../src/core/shape';

describe('small things', () => {
  it('aligns upwards', () => {
    expect([0, 1, 256, 257, 2 ** 40 + 1].map((n) => alignUp(n, 256))).toEqual([
      0,
      256,
      256,
      512,
      2 ** 40 + 256,
    ]);
  });

  it('joins and views bytes', () => {
    expect(concatBytes([Uint8Array.of(1), Uint8Array.of(), Uint8Array.of(2, 3)])).toEqual(
      Uint8Array.of(1, 2, 3),
    );
    expect(bytesOf(Uint32Array.of(1, 2).subarray(1))).toEqual(Uint8Array.of(2, 0, 0, 0));
  });

  it('hashes, shared memory too', async () => {
    const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    const text = new TextEncoder().encode('abc');
    expect(await sha256Hex(text)).toBe(abc);
    const shared = new Uint8Array(new SharedArrayBuffer(3));
    shared.set(text);
    expect(await sha256Hex(shared)).toBe(abc);
  });

  it('knows shapes and records', () => {
    expect(elementCount([])).toBe(1);
    expect(elementCount([2, 0, 3])).toBe(0);
    expect(sameShape([2, 3], [2, 3]) && !sameShape([2], [2, 3]) && !sameShape([2, 3], [3, 2])).toBe(true);
    expect(shapeText([2, 3])).toBe('[2, 3]');
    expect([{}, [], null, 'a'].map(isRecord)).toEqual([true, false, false, false]);
  });
});
