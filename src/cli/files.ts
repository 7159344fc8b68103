import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { TunesmithError } from '../core/errors';
import type { FileReader } from '../core/file_reader';
import { DATA_ENDINGS, isDataFile } from '../data/files/formats';
import type { ModelFolder } from '../models/files';

/** Files that count as a folder of themselves. */
const SINGLE_FILES = /\.(zip|gguf)$/i;

/**
 * The files that lie in a folder; a .zip or .gguf counts as a folder of itself.
 *
 * @param option what the path was given as: model
 * @throws TunesmithError `folder_missing`, `file_unreadable`
 */
export async function openFolder(path: string, option: string): Promise<ModelFolder> {
  const info = await ignoreMissing(readable(path, option, stat(path)));
  if (info?.isFile() && SINGLE_FILES.test(path)) {
    return new Map([[basename(path), diskFile(path, basename(path), info.size, info.mtimeMs)]]);
  }
  if (info?.isFile()) {
    throw new TunesmithError({
      code: 'folder_missing',
      message: `--${option}: ${path} is a file, not a folder.`,
      hint: `Give the folder that it lies in: ${dirname(path)}.`,
    });
  }
  if (!info?.isDirectory()) {
    throw new TunesmithError({
      code: 'folder_missing',
      message: `--${option}: there is no folder ${path}.`,
      hint: 'Check the path.',
    });
  }
  const files = new Map<string, FileReader>();
  for (const name of await readable(path, option, readdir(path))) {
    const file = await ignoreMissing(readable(join(path, name), option, stat(join(path, name))));
    if (file?.isFile()) files.set(name, diskFile(join(path, name), name, file.size, file.mtimeMs));
  }
  return files;
}

/** A path of a file or a folder, and whether there is one. */
export async function isOnDisk(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined)) !== undefined;
}

function diskFile(path: string, name: string, size: number, modified?: number): FileReader {
  return {
    name,
    size,
    ...(modified !== undefined && { modified }),
    async read(begin, end, into) {
      const file = await readable(path, undefined, open(path, 'r'));
      try {
        const length = end - begin;
        const reused = into !== undefined && into.byteLength >= length;
        const bytes = reused ? new Uint8Array(into, 0, length) : new Uint8Array(length);
        let done = 0;
        while (done < bytes.length) {
          const reading = file.read(bytes, done, bytes.length - done, begin + done);
          const { bytesRead } = await readable(path, undefined, reading);
          if (bytesRead === 0) throw unreadable(path, undefined, 'it got shorter while it was read');
          done += bytesRead;
        }
        return bytes;
      } finally {
        await file.close();
      }
    },
  };
}

/**
 * The files of examples at some paths: files, or all such files of a folder. Those that share a name go by their path.
 * Throws `data_file_missing` and `file_unreadable`.
 */
export async function openDataFiles(paths: readonly string[]): Promise<FileReader[]> {
  const found = (await Promise.all(paths.map(dataPaths))).flat();
  const names = found.map(({ path }) => basename(path));
  return found.map(({ path, size }) => {
    const name = basename(path);
    return diskFile(path, names.filter((other) => other === name).length > 1 ? path : name, size);
  });
}

async function dataPaths(path: string): Promise<readonly { path: string; size: number }[]> {
  const info = await ignoreMissing(readable(path, 'data', stat(path)));
  if (info?.isFile()) return [{ path, size: info.size }];
  if (!info?.isDirectory()) throw noExamples(`there is no file ${path}`, 'Check the path.');
  const names = (await readable(path, 'data', readdir(path))).filter((name) => isDataFile(name)).sort();
  const inside = names.map((name) => join(path, name));
  const files = (await Promise.all(inside.map((at) => stat(at)))).flatMap((file, index) =>
    file.isFile() ? [{ path: inside[index] ?? '', size: file.size }] : [],
  );
  if (files.length > 0) return files;
  const hint = `Name the files, or a folder with files that end in ${DATA_ENDINGS.join(', ')}.`;
  throw noExamples(`the folder ${path} has no file of examples`, hint);
}

function noExamples(what: string, hint: string): TunesmithError {
  return new TunesmithError({ code: 'data_file_missing', message: `--data: ${what}.`, hint });
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'you have no permission to read it',
  EPERM: 'you have no permission to read it',
  EIO: 'the disk reports an error',
  EMFILE: 'too many files are open',
  ENFILE: 'too many files are open',
  ELOOP: 'its links lead in a circle',
  ENAMETOOLONG: 'the path is too long',
  ERR_FS_FILE_TOO_LARGE: 'it is too large to be read at once',
};

/** Turns an error of the file system into a sentence that names the path. */
async function readable<T>(path: string, option: string | undefined, reading: Promise<T>): Promise<T> {
  try {
    return await reading;
  } catch (error) {
    const reason = REASONS[codeOf(error)];
    throw reason === undefined ? error : unreadable(path, option, reason, error);
  }
}

function unreadable(
  path: string,
  option: string | undefined,
  reason: string,
  cause?: unknown,
): TunesmithError {
  return new TunesmithError({
    code: 'file_unreadable',
    message: `${option === undefined ? '' : `--${option}: `}${path} can't be read: ${reason}.`,
    hint: `Check the permissions of ${dirname(path)} and of what lies in it, or use a copy.`,
    cause,
  });
}

async function ignoreMissing<T>(found: Promise<T>): Promise<T | undefined> {
  try {
    return await found;
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes(codeOf(error))) return undefined;
    throw error;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
