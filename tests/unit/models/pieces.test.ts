import { expect, test } from 'vitest';
import type { FileReader } from '../../../src/models/folder';
import { PIECE_BYTES, joinRanges, usePieces, type Piece, type RangePiece } from '../../../src/models/pieces';

const MIB = 2 ** 20;

/** A file whose bytes tell their place, and what was asked of it. */
function countingFile(size: number, name = 'a') {
  const reads: [number, number][] = [];
  const file: FileReader = {
    name,
    size,
    read(begin, end, into) {
      reads.push([begin, end]);
      const bytes = into ? new Uint8Array(into, 0, end - begin) : new Uint8Array(end - begin);
      bytes.forEach((_, i) => (bytes[i] = (begin + i) % 251));
      return Promise.resolve(bytes);
    },
  };
  return { file, reads };
}

const range = (file: FileReader, begin: number, end: number, used: RangePiece['use']): RangePiece => ({
  name: `${file.name}.${begin}`,
  file,
  begin,
  end,
  use: used,
});

const none = (): void => undefined;

test('neighbours are read at once as far as a piece goes, and each gets its own bytes', async () => {
  const { file, reads } = countingFile(1000);
  const other = countingFile(1000, 'b');
  const seen: [number, number, number][] = [];
  const use = (begin: number, end: number, from = file) =>
    range(from, begin, end, (bytes) => {
      seen.push([begin, bytes.length, bytes[0] ?? -1]);
      return Promise.resolve();
    });
  const parts = [
    use(0, 4),
    use(4, 10),
    use(10, 300),
    use(301, 400),
    use(400, 500, other.file),
    use(500, 600),
  ];
  await usePieces(joinRanges(parts), none);
  expect(reads).toEqual([
    [0, 300],
    [301, 400],
    [500, 600],
  ]);
  expect(other.reads).toEqual([[400, 500]]);
  expect(seen).toEqual([
    [0, 4, 0],
    [4, 6, 4],
    [10, 290, 10],
    [301, 99, 50],
    [400, 100, 149],
    [500, 100, 249],
  ]);
  const long = [
    use(0, PIECE_BYTES - 4),
    use(PIECE_BYTES - 4, PIECE_BYTES),
    use(PIECE_BYTES, PIECE_BYTES + 4),
  ];
  expect(joinRanges(long).map(({ bytes }) => bytes)).toEqual([PIECE_BYTES, 4]);
});

test('pieces are used in order, the next ones are read meanwhile, and no more than 24 MiB are held', async () => {
  let held = 0;
  let most = 0;
  let aheadAtUse = 0;
  const order: number[] = [];
  const wasRead = Array.from({ length: 12 }, () => {
    let tell = (): void => undefined;
    return { promise: new Promise<void>((resolve) => (tell = resolve)), tell };
  });
  const pieces = wasRead.map(({ tell }, index): Piece => {
    const bytes = index % 3 === 2 ? 3 * MIB : 8 * MIB;
    return {
      name: String(index),
      bytes,
      read: async () => {
        held += bytes;
        most = Math.max(most, held);
        // Every other one is ready only after the next one, which must be read meanwhile.
        if (index % 2 === 0) await wasRead[index + 1]?.promise;
        tell();
        return async () => {
          aheadAtUse = Math.max(aheadAtUse, held - bytes);
          order.push(index);
          await Promise.resolve();
          held -= bytes;
        };
      },
    };
  });
  await usePieces(pieces, none);
  expect(order).toEqual(pieces.map((_, index) => index));
  expect(most).toBeLessThanOrEqual(24 * MIB);
  expect(aheadAtUse).toBeGreaterThanOrEqual(8 * MIB);
});

test('one that is larger than that is read by itself', async () => {
  let alive = 0;
  let together = 0;
  const piece = (bytes: number): Piece => ({
    name: '',
    bytes,
    read: () => {
      alive += bytes;
      together = Math.max(together, alive);
      return Promise.resolve(() => {
        alive -= bytes;
        return Promise.resolve();
      });
    },
  });
  await usePieces([piece(8 * MIB), piece(60 * MIB), piece(8 * MIB)], none);
  expect(together).toBe(60 * MIB);
});

test('the same memory is read into again, where the reader does that and pieces are large', async () => {
  const buffers = new Set<ArrayBufferLike>();
  const reusing: FileReader = {
    name: 'a',
    size: 1000 * MIB,
    read: (begin, end, into) =>
      Promise.resolve(into ? new Uint8Array(into, 0, end - begin) : new Uint8Array(end - begin)),
  };
  const own: FileReader = { ...reusing, read: (begin, end) => reusing.read(begin, end) };
  const parts = (from: FileReader, bytes: number) =>
    Array.from({ length: 40 }, (_, i) =>
      range(from, 2 * i * bytes, (2 * i + 1) * bytes, (read) => {
        buffers.add(read.buffer);
        return Promise.resolve();
      }),
    );
  await usePieces(joinRanges(parts(reusing, 8 * MIB)), none);
  expect(buffers.size).toBe(3);
  buffers.clear();
  await usePieces(joinRanges(parts(own, 8 * MIB)), none);
  expect(buffers.size).toBe(40);
  buffers.clear();
  // Small ones are many at a time: with 8 MiB for each, they would take more than the whole model.
  await usePieces(joinRanges(parts(reusing, 1000)), none);
  expect([...buffers].map(({ byteLength }) => byteLength)).toEqual(Array<number>(40).fill(1000));
});

test('what a piece throws ends it all, whatever the ones after it do', async () => {
  const fine: Piece = { name: '', bytes: 1, read: () => Promise.resolve(() => Promise.resolve()) };
  const broken: Piece = { name: '', bytes: 1, read: () => Promise.reject(new Error('cut')) };
  await expect(usePieces([fine, broken, broken, fine], none)).rejects.toThrow('cut');
});

test('it stops between pieces and while one is awaited', async () => {
  const control = new AbortController();
  const endless: Piece = { name: '', bytes: 1, read: () => new Promise(() => undefined) };
  const work = usePieces([endless], none, control.signal);
  control.abort();
  await expect(work).rejects.toMatchObject({ name: 'AbortError' });
});
