import { describe, expect, it } from 'vitest';
import type { FileReader } from '../../../../src/core/file_reader';
import { memoryFile } from '../../../../src/core/file_reader';
import { PIECE_BYTES } from '../../../../src/models/pieces';
import { WeightsHash } from '../../../../src/session/models/weights_hash';

const SIZE = 2 * PIECE_BYTES + 1000;
const original = Uint8Array.from({ length: SIZE }, (_, i) => (i * 2_654_435_761) >>> 13);

/** A file that counts the bytes that are read of it. */
function counted(bytes: Uint8Array): { readonly file: FileReader; readonly read: () => number } {
  const inner = memoryFile('a.gguf', bytes);
  let count = 0;
  const file: FileReader = {
    ...inner,
    read: (begin, end) => {
      count += end - begin;
      return inner.read(begin, end);
    },
  };
  return { file, read: () => count };
}

type Range = readonly [number, number];

/** The hash after these ranges are read, and the bytes that were read in all. */
async function hashAfter(
  ranges: readonly Range[],
  bytes = original,
): Promise<{ hash: string; read: number }> {
  const { file, read } = counted(bytes);
  const weights = new WeightsHash();
  const watched = weights.watch(file);
  await Promise.all(ranges.map(([begin, end]) => watched.read(begin, end)));
  return { hash: await weights.of([watched]), read: read() };
}

/** The file in ranges of this length, from the start. */
function rangesOf(length: number): Range[] {
  return Array.from({ length: Math.ceil(SIZE / length) }, (_, i) => [
    i * length,
    Math.min((i + 1) * length, SIZE),
  ]);
}

describe('the hash of weights', () => {
  it('is the same however they are read, and reads nothing twice that comes in order', async () => {
    const { hash } = await hashAfter([]);
    for (const length of [PIECE_BYTES, 3_000_001, SIZE, 1_000_003]) {
      expect(await hashAfter(rangesOf(length))).toEqual({ hash, read: SIZE });
    }
    expect((await hashAfter(rangesOf(700_001).reverse())).hash).toBe(hash);
    expect((await hashAfter([[5, 70], ...rangesOf(PIECE_BYTES - 1)])).hash).toBe(hash);
    // Bytes that loading skips count as well.
    expect((await hashAfter([[100, SIZE - 100]])).hash).toBe(hash);
  });

  it('changes with any bit, also of what loading leaves out', async () => {
    const { hash } = await hashAfter([]);
    const places = [0, 1, 255, 4096, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 77_777, SIZE - 1];
    for (const place of places) {
      const changed = original.slice();
      changed[place]! ^= 1 << (place & 7);
      expect((await hashAfter([[1000, PIECE_BYTES + 5000]], changed)).hash).not.toBe(hash);
    }
    expect((await hashAfter([], original.slice(0, -1))).hash).not.toBe(hash);
  });

  it('is computed again after a restart, and costs nothing once it is known', async () => {
    const bytes = original.slice();
    const { file, read } = counted(bytes);
    const weights = new WeightsHash();
    const watched = weights.watch(file);
    const first = await weights.of([watched]);
    expect(await weights.of([watched])).toBe(first);
    expect(read()).toBe(SIZE);
    bytes[12_345]! ^= 4;
    weights.restart();
    expect(await weights.of([watched])).not.toBe(first);
  });
});
