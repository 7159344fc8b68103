import { describe, expect, it } from 'vitest';
import { splitHeldOut } from '../../../src/data/splitting';

/** Examples of one source. */
const one = (count: number) => new Uint8Array(count);

describe('splitHeldOut', () => {
  it('splits without loss or overlap, by share or by number', () => {
    for (const [split, held] of [
      [0, 0],
      [0.1, 2],
      [0.5, 9],
      [1, 1],
      [5, 5],
    ] as const) {
      const { train, heldOut } = splitHeldOut(one(17), split, 1);
      expect(heldOut.length).toBe(held);
      expect([...train, ...heldOut].sort((a, b) => a - b)).toEqual([...one(17).keys()]);
    }
  });

  it('depends on the seed only, and on nothing of the training order', () => {
    expect(splitHeldOut(one(50), 0.2, 1)).toEqual(splitHeldOut(one(50), 0.2, 1));
    expect(splitHeldOut(one(50), 0.2, 1)).not.toEqual(splitHeldOut(one(50), 0.2, 2));
  });

  it('leaves something to train on', () => {
    expect(() => splitHeldOut(one(4), 4, 1)).toThrow(/leaves none/);
    expect(splitHeldOut(one(4), 0.5, 1, () => true).heldOut).toHaveLength(4);
    expect(splitHeldOut(one(1), 0.1, 1).train).toEqual(Uint32Array.of(0));
    expect(splitHeldOut(one(0), 0.1, 1).train).toHaveLength(0);
  });

  it('holds out by chance only what may be', () => {
    const { train, heldOut } = splitHeldOut(one(20), 0.5, 1, undefined, (index) => index >= 6);
    expect(heldOut).toHaveLength(3);
    expect(heldOut.every((index) => index < 6)).toBe(true);
    expect(train).toHaveLength(17);
    expect(splitHeldOut(one(4), 0.5, 1, undefined, () => true).train).toHaveLength(4);
  });

  it('takes from each source in proportion', () => {
    const sourceOf = Uint8Array.from({ length: 100 }, (_, index) => (index < 70 ? 0 : index < 95 ? 1 : 2));
    for (let seed = 0; seed < 20; seed++) {
      const { heldOut } = splitHeldOut(sourceOf, 0.2, seed);
      expect([0, 1, 2].map((source) => heldOut.filter((index) => sourceOf[index] === source).length)).toEqual(
        [14, 5, 1],
      );
    }
    // 7, 2.5 and 0.5: the total stays that of the share.
    expect(splitHeldOut(sourceOf, 0.1, 3).heldOut).toHaveLength(10);
  });

  it('holds out all of a source for evaluation, and a share of the others', () => {
    const sourceOf = Uint8Array.of(0, 1, 0, 1, 0, 0, 1, 0, 0, 0);
    const { train, heldOut } = splitHeldOut(sourceOf, 0.25, 1, (index) => sourceOf[index] === 1);
    expect([...heldOut]).toEqual(expect.arrayContaining([1, 3, 6]));
    expect([train.length, heldOut.length]).toEqual([5, 5]);
    expect(splitHeldOut(sourceOf, 0, 1, (index) => sourceOf[index] === 1).heldOut).toEqual(
      Uint32Array.of(1, 3, 6),
    );
  });
});
