import { makeZip } from 'client-zip';
import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { errorCode } from '../../../src/core/errors';
import { memoryFile } from '../../../src/core/file_reader';
import { zipFolder } from '../../../src/models/zip_folder';

const text = (value: string) => new TextEncoder().encode(value);
const FILES = {
  'pirate/config.json': text('{"a": 1}'),
  'pirate/onnx/model.onnx': new Uint8Array(5000).fill(7),
};

async function readAll(zip: Uint8Array): Promise<Record<string, Uint8Array>> {
  const folder = await zipFolder(memoryFile('pirate.zip', zip));
  const entries = [...folder].map(async ([path, file]) => [path, await file.read(0, file.size)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

describe('a zip as a folder', () => {
  it('has the files that another program compressed', async () => {
    expect(await readAll(zipSync(FILES, { level: 9 }))).toEqual(FILES);
  });

  it('has the files that this program stored, which are read in ranges', async () => {
    const entries = Object.entries(FILES).map(([name, input]) => ({ name, input }));
    const zip = new Uint8Array(await new Response(makeZip(entries)).arrayBuffer());
    expect(await readAll(zip)).toEqual(FILES);
    const reads: number[] = [];
    const given: (ArrayBuffer | undefined)[] = [];
    const whole = memoryFile('pirate.zip', zip);
    const folder = await zipFolder({
      ...whole,
      read: (begin, end, into) => {
        reads.push(end - begin);
        given.push(into);
        return whole.read(begin, end, into);
      },
    });
    reads.length = 0;
    expect(await folder.get('pirate/onnx/model.onnx')?.read(10, 20)).toEqual(new Uint8Array(10).fill(7));
    expect(reads).toEqual([30, 10]);
    const into = new ArrayBuffer(64);
    const reread = await folder.get('pirate/onnx/model.onnx')?.read(10, 20, into);
    expect(reread).toEqual(new Uint8Array(10).fill(7));
    expect(given.at(-1)).toBe(into);
  });

  it('is refused if it is damaged or no zip', async () => {
    const zip = zipSync(FILES, { level: 9 });
    const codeOf = (bytes: Uint8Array) => readAll(bytes).catch((error: unknown) => errorCode(error));
    expect(await codeOf(zip.subarray(0, -30))).toBe('zip_unreadable');
    expect(await codeOf(text('not a zip'))).toBe('zip_unreadable');
    const broken = zip.slice();
    broken.fill(255, 50, 60);
    expect(await codeOf(broken)).toBe('zip_unreadable');
  });
});
