import { mkdir, opendir, readdir, rmdir, stat } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { TunesmithError } from '../core/errors';
import { message, type Message } from '../core/messages/message';
import { SETTINGS_FILE } from '../core/settings/file';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS } from '../models/adapter_files';
import { isTemporary, type FileStore } from '../storage/file_store';
import { SMALL_FILES } from '../models/tokenizer_files';
import { nodeFiles } from '../storage/node_files';
import { nodeLocks } from '../storage/node_locks';

/** The lock file in an output folder is called `.tunesmith.lock`. */
const LOCK = '.tunesmith';

/**
 * Runs work in an output folder, and excludes other processes from it. Creates the folder, and removes incomplete files
 * of a killed process. Removes a folder that it created if it stays empty.
 *
 * @throws TunesmithError `output_dir` if it can't be made or written to; `output_dir_in_use`
 */
export async function withOutputFolder<T>(path: string, work: (files: FileStore) => Promise<T>): Promise<T> {
  const made = await writable(path, makeFolder(resolve(path)));
  try {
    let begun = false;
    return await writable(
      path,
      nodeLocks(path).request(LOCK, { ifAvailable: true }, async (lock) => {
        begun = true;
        if (lock === null) throw inUse(path);
        const files = nodeFiles(path);
        await removeLeftovers(path, files);
        return await work(files);
      }),
      () => !begun,
    );
  } finally {
    if (made !== undefined) await removeEmpty(resolve(path), made);
  }
}

/**
 * Creates a folder and its parents; returns the topmost one that it created. Node's recursive `mkdir` never returns if
 * nothing can be created.
 */
async function makeFolder(path: string): Promise<string | undefined> {
  try {
    await mkdir(path);
    return path;
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await stat(path)).isDirectory()) return undefined;
    if (codeOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    const made = await makeFolder(dirname(path));
    // If the parent existed already, it can't contain a new folder.
    if (made === undefined) throw error;
    await mkdir(path);
    return made;
  }
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

/** Whether an output folder has files of an earlier run. */
export async function holdsRun(files: FileStore): Promise<boolean> {
  return (await files.size('runs')) > 0 || (await files.size(ADAPTER_CONFIG)) > 0;
}

/**
 * Removes incomplete files that a killed process left: those of runs and of an adapter, and nothing else in the folder.
 */
async function removeLeftovers(path: string, files: FileStore): Promise<void> {
  const ours = [ADAPTER_CONFIG, ADAPTER_WEIGHTS, 'README.md', SETTINGS_FILE, ...SMALL_FILES];
  const beside = (await readdir(path)).filter((name) => ours.some((own) => name.startsWith(`${own}.`)));
  for (const left of [...(await files.list('runs')), ...beside].filter(isTemporary)) {
    await files.remove(left);
  }
}

/** Removes empty folders, from the folder up to the topmost one that was created. */
async function removeEmpty(path: string, made: string): Promise<void> {
  for (let folder = path; ; folder = dirname(folder)) {
    try {
      await rmdir(folder);
    } catch {
      return;
    }
    if (folder === made || folder === dirname(folder)) return;
  }
}

const REASONS: Readonly<Record<string, Message>> = {
  EACCES: message('disk_no_writing'),
  EPERM: message('disk_no_writing'),
  EROFS: message('disk_read_only'),
  ENOENT: message('disk_no_place'),
  ENOTDIR: message('disk_path_through_file'),
  EEXIST: message('disk_is_file'),
  ENAMETOOLONG: message('disk_name_long'),
  ENOSPC: message('disk_full'),
  EDQUOT: message('disk_share_full'),
};

/** Turns an error of the file system into one about the folder. */
async function writable<T>(path: string, making: Promise<T>, counts: () => boolean = () => true): Promise<T> {
  try {
    return await making;
  } catch (error) {
    const reason = counts() ? REASONS[codeOf(error)] : undefined;
    if (reason === undefined) throw error;
    throw new TunesmithError({ code: 'output_dir', values: { path, reason }, cause: error });
  }
}

function inUse(path: string): TunesmithError {
  return new TunesmithError({ code: 'output_dir_in_use', values: { path } });
}

/**
 * Checks that a folder of an export is empty: programs would take files of another model in it for a part of this one.
 * Files that a killed export left, in inner folders too, have temporary names, which no program reads; the next export
 * writes over them. Throws `output_not_folder`, `output_not_empty`.
 */
export async function checkIsEmpty(path: string): Promise<void> {
  const info = await stat(path).catch(() => undefined);
  if (!info) return;
  if (!info.isDirectory()) throw new TunesmithError({ code: 'output_not_folder', values: { path } });
  for await (const entry of await opendir(path, { recursive: true })) {
    if (entry.isDirectory() || isTemporary(entry.name)) continue;
    const first = relative(path, join(entry.parentPath, entry.name));
    throw new TunesmithError({ code: 'output_not_empty', values: { path, first } });
  }
}
