import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { memoryFile, type FileReader } from '../../../src/core/file_reader';
import { unpacked } from '../../../src/data/files/archives';
import { recordsOf } from '../../../src/data/records';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Bytes that are in use after garbage is collected. */
function used(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

/** Repeats a block of lines up to about `size` bytes, without holding them. `read` is the end of what was asked for. */
class RepeatedFile implements FileReader {
  readTo = 0;
  readonly name: string;
  readonly size: number;
  readonly #block: Uint8Array;
  readonly #head: Uint8Array;

  constructor(name: string, head: string, block: string, size: number) {
    this.name = name;
    this.#head = new TextEncoder().encode(head);
    this.#block = new TextEncoder().encode(block);
    const blocks = Math.ceil((size - this.#head.length) / this.#block.length);
    this.size = this.#head.length + blocks * this.#block.length;
  }

  read(begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> {
    this.readTo = Math.max(this.readTo, end);
    const bytes = new Uint8Array(end - begin);
    for (let at = begin; at < end;) {
      const inHead = at < this.#head.length;
      const from = inHead ? at : (at - this.#head.length) % this.#block.length;
      const piece = (inHead ? this.#head : this.#block).subarray(from, from + end - at);
      bytes.set(piece, at - begin);
      at += piece.length;
    }
    return Promise.resolve(bytes);
  }
}

const MIB = 2 ** 20;
const SIZE = 48 * MIB;
const answer = '海盗说：啊，这是一个很长的回答。'.repeat(40);
const records = Array.from({ length: 50 }, (_, index) => ({ instruction: `Say ${index}`, output: answer }));
const lines = records.map((record) => `${JSON.stringify(record)}\n`).join('');

describe.each([
  ['JSON Lines', 'large.jsonl', '', lines],
  [
    'CSV',
    'large.csv',
    'instruction,output\n',
    records.map(({ instruction, output }) => `${instruction},"${output}"\n`).join(''),
  ],
])('a large file of %s', (_, name, head, block) => {
  it('is read record by record, in memory that does not grow with it', async () => {
    const file = new RepeatedFile(name, head, block, SIZE);
    const before = used();
    const grown: number[] = [];
    let count = 0;
    for await (const record of recordsOf(file)) {
      expect('sample' in record).toBe(true);
      count++;
      if (count % 5000 === 0) grown.push(used() - before);
    }
    const blocks =
      (file.size - new TextEncoder().encode(head).length) / new TextEncoder().encode(block).length;
    expect(count).toBe(blocks * records.length);
    expect(grown.length).toBeGreaterThan(2);
    // A piece of 256 KiB, its text and the records of it: far less than a tenth of the file.
    expect(Math.max(...grown)).toBeLessThan(SIZE / 10);
  });

  it('gives its first record before the rest is read', async () => {
    const file = new RepeatedFile(name, head, block, SIZE);
    // An encoding is found out from samples of the whole file; this one is named.
    for await (const record of recordsOf(file, { options: { encoding: 'utf-8' } })) {
      expect(record.record).toBe(1);
      break;
    }
    expect(file.readTo).toBeLessThan(2 * MIB);
  });
});

it('a file in gzip is unpacked as it is read', async () => {
  const times = Math.ceil(SIZE / Buffer.byteLength(lines));
  const packed = memoryFile('large.jsonl.gz', gzipSync(lines.repeat(times)));
  const before = used();
  const { files } = await unpacked(packed, () => Promise.resolve());
  const grown: number[] = [];
  let count = 0;
  for await (const record of recordsOf(files[0]!)) {
    expect('sample' in record).toBe(true);
    count++;
    if (count % 5000 === 0) grown.push(used() - before);
  }
  expect(count).toBe(times * records.length);
  expect(Math.max(...grown)).toBeLessThan(SIZE / 10);
});
