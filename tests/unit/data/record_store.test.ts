import { describe, expect, it, vi } from 'vitest';
import { Float, losslessText, parseLosslessJson, type LosslessJson } from '../../../src/core/lossless_json';
import { message } from '../../../src/core/messages/message';
import { ByteLog } from '../../../src/data/byte_log';
import { LazyExamples } from '../../../src/data/lazy_examples';
import { RecordStore } from '../../../src/data/record_store';
import { scratchFile } from './scratch';

const MEBIBYTE = 2 ** 20;

describe('a log of bytes', () => {
  /** Bytes that tell their place. */
  const bytesAt = (begin: number, end: number): Uint8Array =>
    Uint8Array.from({ length: end - begin }, (_, i) => ((begin + i) * 2654435761) >>> 24);

  it('keeps 64 MiB in memory and the rest in a scratch file', async () => {
    const scratch = scratchFile();
    const log = new ByteLog(() => Promise.resolve(scratch));
    const part = 3 * MEBIBYTE - 5;
    for (let at = 0; at < 25 * part; at += part) await log.append(bytesAt(at, at + part));
    expect(log.size).toBe(25 * part);
    // All whole pages after the first 64 are in the file.
    expect(scratch.size).toBe((Math.floor((25 * part) / MEBIBYTE) - 64) * MEBIBYTE);
    for (const begin of [0, 64 * MEBIBYTE - 3, 66 * MEBIBYTE + 7, log.size - 10]) {
      const end = Math.min(log.size, begin + 2 * MEBIBYTE + 1);
      expect(Buffer.compare(await log.read(begin, end), bytesAt(begin, end))).toBe(0);
    }
    const reads = vi.spyOn(scratch, 'read');
    for (let begin = 65 * MEBIBYTE - 7; begin < 67 * MEBIBYTE; begin += 50_000) {
      expect(Buffer.compare(await log.read(begin, begin + 50_000), bytesAt(begin, begin + 50_000))).toBe(0);
    }
    expect(reads.mock.calls.length).toBeLessThan(6);
    await log.close();
    expect(scratch.closed).toBe(true);
  });

  it('opens no scratch file for less', async () => {
    const log = new ByteLog(() => Promise.reject(new Error('not needed')));
    await log.append(new Uint8Array(MEBIBYTE + 1));
    expect((await log.read(MEBIBYTE, MEBIBYTE + 1)).length).toBe(1);
    await log.close();
  });

  it('rejects as its scratch file does', async () => {
    const full = new Error('full');
    const log = new ByteLog(() => Promise.resolve({ ...scratchFile(), write: () => Promise.reject(full) }));
    await expect(log.append(new Uint8Array(65 * MEBIBYTE))).rejects.toBe(full);
  });
});

describe('a store of records', () => {
  const values: readonly LosslessJson[] = [
    { text: 'naïve 船 🦜 "quoted" \\ \u2028', empty: '' },
    [1, 0, new Float(1), new Float(-0), new Float(1e300), new Float(NaN), new Float(-Infinity), 2n ** 70n],
    new Map<string, LosslessJson>([
      ['10', true],
      ['2', null],
      ['b', { c: [] }],
    ]),
    null,
    { __proto__name: 'kept' },
  ];

  it('gives back what it got, with its line', async () => {
    const records = new RecordStore();
    for (const [at, value] of values.entries()) {
      await records.append({ value, ...(at > 0 && { line: 10 * at }) });
    }
    const fault = { code: 'cell', reason: message('edit_unreadable'), line: 3, column: 7 };
    await records.append({ fault });
    expect(records.length).toBe(values.length + 1);
    for (const [at, value] of values.entries()) {
      const line = at === 0 ? undefined : 10 * at;
      expect([await records.value(at), records.line(at)]).toEqual([value, line]);
      expect(await records.entry(at)).toEqual({ value, ...(at > 0 && { line }) });
    }
    expect([await records.entry(values.length), records.line(values.length)]).toEqual([{ fault }, 3]);
    await expect(records.value(values.length + 1)).rejects.toThrow(RangeError);
  });

  it('frees its scratch file once all who share it have closed it', async () => {
    const scratch = scratchFile();
    const records = new RecordStore(() => Promise.resolve(scratch));
    for (let record = 0; record < 70; record++) await records.append({ value: 'x'.repeat(MEBIBYTE) });
    const shared = records.share();
    await records.close();
    expect([scratch.closed, await shared.value(69)]).toEqual([false, 'x'.repeat(MEBIBYTE)]);
    await shared.close();
    expect(scratch.closed).toBe(true);
  });

  it('writes JSON that reads as the same value', () => {
    for (const value of values) expect(parseLosslessJson(losslessText(value))).toEqual(value);
    for (const text of ['1.0', '-0.0', '1e+22', '1e-7', 'NaN', '0', '12345678901234567890']) {
      expect(losslessText(parseLosslessJson(text))).toBe(text);
    }
  });
});

describe('examples that are made again', () => {
  /** Three million tokens: the fifth example has no more room in memory. */
  const large = (row: number) => ({
    ids: new Uint32Array(3e6).fill(row),
    trained: new Uint8Array(3e6).fill(1),
  });
  const small = (row: number) => ({
    ids: Uint32Array.of(row, 1, 2),
    trained: Uint8Array.of(1, 0, 1),
    whole: 9,
  });

  it('are the same, also if a row has several', async () => {
    const made: number[] = [];
    const examples = new LazyExamples((row) => {
      made.push(row);
      return Promise.resolve([large(row), small(row)]);
    });
    for (let row = 0; row < 6; row++) examples.add(2 * row, [large(2 * row), small(2 * row)]);
    expect(examples.length).toBe(12);
    expect((await examples.at(0)).ids[0]).toBe(0);
    expect(made).toEqual([]);
    expect((await examples.at(10)).ids[0]).toBe(10);
    expect(await examples.at(11)).toEqual(small(10));
    expect(made).toEqual([10, 10]);
    expect([examples.tokens(11), examples.targets(11), examples.whole(11), examples.whole(10)]).toEqual([
      3,
      1,
      9,
      undefined,
    ]);
    examples.truncate(1);
    examples.add(1, [small(1)]);
    expect([examples.length, (await examples.at(1)).ids[0]]).toEqual([2, 1]);
  });

  it('refuse rows that give others than before', async () => {
    const examples = new LazyExamples((row) => Promise.resolve([large(row + 1)]));
    for (let row = 0; row < 6; row++) examples.add(row, [large(row)]);
    examples.add(6, [small(6)]);
    await expect(examples.at(6)).rejects.toThrow('other examples');
  });
});
