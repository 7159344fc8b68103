import { open, readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { TunesmithError } from '../core/errors';
import type { FileReader } from '../core/file_reader';
import { message, type Message } from '../core/messages/message';
import { DATA_ENDINGS, isDataFile } from '../data/files/formats';
import type { ModelFolder } from '../models/files';

/** Files that count as a folder with one file. */
const SINGLE_FILES = /\.(zip|gguf)$/i;

/**
 * The files in a folder. A .zip or .gguf file counts as a folder with one file.
 *
 * @param option the option that gave the path, such as "model"
 * @throws TunesmithError `folder_missing`, `folder_is_file`, `path_unreadable`
 */
export async function openFolder(path: string, option: string): Promise<ModelFolder> {
  const info = await ignoreMissing(readable(path, option, stat(path)));
  if (info?.isFile() && SINGLE_FILES.test(path)) {
    return new Map([[basename(path), diskFile(path, basename(path), info.size, info.mtimeMs)]]);
  }
  if (info?.isFile()) {
    throw new TunesmithError({ code: 'folder_is_file', values: { option, path, folder: dirname(path) } });
  }
  if (!info?.isDirectory()) {
    throw new TunesmithError({ code: 'folder_missing', values: { option, path } });
  }
  const files = new Map<string, FileReader>();
  for (const name of await readable(path, option, readdir(path))) {
    const file = await ignoreMissing(readable(join(path, name), option, stat(join(path, name))));
    if (file?.isFile()) files.set(name, diskFile(join(path, name), name, file.size, file.mtimeMs));
  }
  return files;
}

/** Whether a file or a folder exists at a path. */
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
          if (bytesRead === 0) throw unreadable(path, undefined, message('disk_file_shorter'));
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
 * The files of examples at these paths: files, or folders with such files. Files that share a name are named by their
 * path.
 *
 * @param fetched gives the file that a text names if it is no path
 */
export async function openDataFiles(
  paths: readonly string[],
  fetched: (text: string) => Promise<FileReader> | undefined = () => undefined,
): Promise<FileReader[]> {
  const found: (FileReader | { readonly path: string; readonly size: number })[] = [];
  for (const path of paths) {
    const fetching = fetched(path);
    found.push(...(fetching ? [await fetching] : await dataPaths(path)));
  }
  const names = found.map((each) => ('path' in each ? basename(each.path) : each.name));
  return found.map((each, index) => {
    if (!('path' in each)) return each;
    const { path, size } = each;
    const name = names[index] ?? path;
    return diskFile(path, names.filter((other) => other === name).length > 1 ? path : name, size);
  });
}

async function dataPaths(path: string): Promise<readonly { path: string; size: number }[]> {
  const info = await ignoreMissing(readable(path, 'data', stat(path)));
  if (info?.isFile()) return [{ path, size: info.size }];
  if (!info?.isDirectory()) {
    throw new TunesmithError({ code: 'data_file_missing', values: { path } });
  }
  const names = (await readable(path, 'data', readdir(path))).filter((name) => isDataFile(name)).sort();
  const inside = names.map((name) => join(path, name));
  const files = (await Promise.all(inside.map((at) => stat(at)))).flatMap((file, index) =>
    file.isFile() ? [{ path: inside[index] ?? '', size: file.size }] : [],
  );
  if (files.length > 0) return files;
  throw new TunesmithError({ code: 'data_folder_empty', values: { path, endings: DATA_ENDINGS } });
}

const REASONS: Readonly<Record<string, Message>> = {
  EACCES: message('disk_no_permission'),
  EPERM: message('disk_no_permission'),
  EIO: message('disk_error'),
  EMFILE: message('disk_too_many_open'),
  ENFILE: message('disk_too_many_open'),
  ELOOP: message('disk_links_circle'),
  ENAMETOOLONG: message('disk_path_long'),
  ERR_FS_FILE_TOO_LARGE: message('disk_file_large'),
};

/** Turns an error of the file system into one that names the path. */
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
  reason: Message,
  cause?: unknown,
): TunesmithError {
  const values = { path, option, reason, folder: dirname(path) };
  return new TunesmithError({ code: 'path_unreadable', values, cause });
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
