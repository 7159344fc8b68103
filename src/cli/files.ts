import { open, readFile, readdir, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { TunesmithError } from '../core/errors';
import type { FileReader, ModelFolder } from '../models/files';

/** The files that lie in a folder; a zip counts as a folder of itself. Throws `folder_missing`. */
export async function openFolder(path: string, option: string): Promise<ModelFolder> {
  const info = await ignoreMissing(stat(path));
  if (info?.isFile() && path.toLowerCase().endsWith('.zip')) {
    return new Map([[basename(path), diskFile(path, basename(path), info.size)]]);
  }
  if (!info?.isDirectory()) {
    throw new TunesmithError({
      code: 'folder_missing',
      message: `--${option}: there is no folder ${path}.`,
      hint: 'Check the path.',
    });
  }
  const files = new Map<string, FileReader>();
  for (const name of await readdir(path)) {
    const file = await ignoreMissing(stat(join(path, name)));
    if (file?.isFile()) files.set(name, diskFile(join(path, name), name, file.size));
  }
  return files;
}

function diskFile(path: string, name: string, size: number): FileReader {
  return {
    name,
    size,
    async read(begin, end) {
      const file = await open(path, 'r');
      try {
        const bytes = new Uint8Array(end - begin);
        let done = 0;
        while (done < bytes.length) {
          const { bytesRead } = await file.read(bytes, done, bytes.length - done, begin + done);
          if (bytesRead === 0) throw new Error(`${path} got shorter while it was read`);
          done += bytesRead;
        }
        return bytes;
      } finally {
        await file.close();
      }
    },
  };
}

/** A file of examples. Throws `data_file_missing` and `data_file_not_utf8`. */
export async function readDataFile(path: string): Promise<{ name: string; text: string }> {
  const bytes = await ignoreMissing(readFile(path));
  if (!bytes) {
    throw new TunesmithError({
      code: 'data_file_missing',
      message: `--data: there is no file ${path}.`,
      hint: 'Check the path.',
    });
  }
  try {
    return { name: basename(path), text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch (cause) {
    throw new TunesmithError({
      code: 'data_file_not_utf8',
      message: `--data: ${path} is no text in UTF-8.`,
      hint: 'Save it as UTF-8, as JSON or JSON Lines.',
      cause,
    });
  }
}

async function ignoreMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw error;
  }
}
