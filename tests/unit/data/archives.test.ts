import { gzipSync, strToU8, zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { memoryFile } from '../../../src/core/file_reader';
import { inEnglish } from '../../../src/core/messages/english';
import { unpacked } from '../../../src/data/files/archives';
import { DataFault } from '../../../src/data/files/fault';
import { entriesOf } from '../../../src/data/files/formats';

const giveWay = (): Promise<void> => Promise.resolve();
const rows = Array.from({ length: 20_000 }, (_, index) => ({ text: `海 ${index} ${Math.sin(index)}` }));
const lines = strToU8(rows.map((row) => JSON.stringify(row)).join('\n'));

/** The records of all files in an archive, by the files' names. */
async function recordsIn(name: string, bytes: Uint8Array) {
  const { files, others } = await unpacked(memoryFile(name, bytes), giveWay);
  const records: Record<string, unknown[]> = {};
  for (const file of files) {
    const found: unknown[] = (records[file.name] = []);
    for await (const entry of entriesOf(file)) found.push('value' in entry ? entry.value : entry.fault);
  }
  return { records, others };
}

async function faultOf(name: string, bytes: Uint8Array): Promise<string> {
  const fault: unknown = await recordsIn(name, bytes).catch((error: unknown) => error);
  if (!(fault instanceof DataFault)) throw new Error('no fault');
  return inEnglish(fault.reason);
}

function joined(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

describe('a gzip file', () => {
  it('is read as what it holds, in one member or in several', async () => {
    const half = lines.indexOf(10, lines.length / 2) + 1;
    const members = joined(gzipSync(lines.subarray(0, half)), gzipSync(lines.subarray(half)));
    for (const bytes of [gzipSync(lines), members]) {
      expect((await recordsIn('rows.jsonl.gz', bytes)).records).toEqual({ 'rows.jsonl.gz': rows });
    }
    const table = gzipSync(strToU8('instruction;output\na;b\n'));
    expect((await recordsIn('a.csv.gz', table)).records['a.csv.gz']).toHaveLength(1);
  });

  it('is refused if it is cut off or a byte of it is wrong', async () => {
    const bytes = gzipSync(lines);
    const wrong = bytes.slice();
    wrong[bytes.length - 6]! ^= 1; // the checksum
    for (const each of [wrong, bytes.subarray(0, -5), bytes.subarray(0, bytes.length / 2)]) {
      expect(await faultOf('rows.jsonl.gz', each)).toMatch(/rows\.jsonl\.gz is damaged/);
    }
  });
});

describe('a zip', () => {
  it('gives each file of examples in it, and names the others', async () => {
    const bytes = zipSync({
      'b/rows.jsonl': lines,
      'a.csv': [strToU8('instruction,output\na,b\n'), { level: 0 }],
      'c.json.gz': gzipSync(strToU8('[{"text": "c"}]')),
      '__MACOSX/a.csv': strToU8('x'),
      'b/.ipynb_checkpoints/rows.jsonl': lines,
      '.hidden.jsonl': lines,
      'docs/README.md': strToU8('read me'),
    });
    const { records, others } = await recordsIn('all.zip', bytes);
    expect(records).toEqual({
      'all.zip/a.csv': [{ instruction: 'a', output: 'b' }],
      'all.zip/b/rows.jsonl': rows,
      'all.zip/c.json.gz': [{ text: 'c' }],
    });
    expect(others).toEqual(['docs/README.md']);
  });

  it('is refused if it is damaged, or has no examples', async () => {
    const bytes = zipSync({ 'rows.jsonl': lines });
    const wrong = bytes.slice();
    wrong[bytes.length / 2]! ^= 0xff;
    expect(await faultOf('a.zip', wrong)).toMatch(/a\.zip is damaged/);
    const stored = zipSync({ 'rows.jsonl': [strToU8('{"text": "a"}'), { level: 0 }] });
    stored[stored.indexOf(0x7b) + 10]! ^= 1;
    expect(await faultOf('a.zip', stored)).toMatch(/a\.zip is damaged/);
    expect(await faultOf('a.zip', bytes.subarray(0, -30))).toMatch(/a\.zip is damaged/);
    expect(await faultOf('a.zip', zipSync({ 'a.png': strToU8('x') }))).toMatch(/no files of examples/);
  });
});
