import { mkdir, opendir, readdir, rmdir, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { TunesmithError } from '../core/errors';
import { message, type Message } from '../core/messages/message';
import { SETTINGS_FILE } from '../core/settings/file';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS } from '../models/adapter_files';
import { INDEX_FILE } from '../models/shards';
import { SMALL_FILES } from '../models/tokenizer_files';
import { isTemporary, type FileStore } from '../storage/file_store';
import { nodeFiles } from '../storage/node_files';
import { nodeLocks } from '../storage/node_locks';

/** The lock file in an output folder is called `.tunesmith.lock`. */
const LOCK = '.tunesmith';

/** The options that name a folder to write into. */
type OutputOption = 'output_dir' | 'output';

/**
 * Runs work in the output folder of a training, and excludes other processes from it. Creates the folder, and removes
 * incomplete files of a killed process. Removes a folder that it created if it stays empty.
 *
 * @throws TunesmithError `output_dir` if it can't be made or written to; `output_dir_in_use`
 */
export async function withOutputFolder<T>(path: string, work: (files: FileStore) => Promise<T>): Promise<T> {
  return await withFolder(path, 'output_dir', async (files) => {
    await removeLeftovers(path, files);
    return await work(files);
  });
}

/** Endings of files that exports write, and of a zip. */
const FILE_ENDINGS = /\.(?:gguf|safetensors|onnx|zip)$/i;

/**
 * Runs work in the folder of an export, as `withOutputFolder`. The folder must be empty: programs would take files of
 * another model in it for a part of this one. Removes what a killed export left beside its lock: files with the temporary
 * names of an export's files.
 *
 * @throws TunesmithError `output_named_file` for a path that looks like a file's, `output_not_empty`, and as
 *   `withOutputFolder`
 */
export async function withExportFolder<T>(path: string, work: (files: FileStore) => Promise<T>): Promise<T> {
  const info = await stat(path).catch(() => undefined);
  if (!info && FILE_ENDINGS.test(path)) {
    throw new TunesmithError({
      code: 'output_named_file',
      values: { path, folder: path.replace(FILE_ENDINGS, '') },
    });
  }
  // Only an export that never ended leaves its lock.
  const wasKilled = (await stat(join(path, `${LOCK}.lock`)).catch(() => undefined)) !== undefined;
  if (info?.isDirectory()) await writable(path, 'output', leftoversIn(path, wasKilled));
  return await withFolder(path, 'output', async (files) => {
    // Again, because another process may have written to the folder before this one had its lock.
    for (const left of await leftoversIn(path, wasKilled)) await files.remove(left);
    return await work(files);
  });
}

async function withFolder<T>(
  path: string,
  option: OutputOption,
  work: (files: FileStore) => Promise<T>,
): Promise<T> {
  const made = await writable(path, option, makeFolder(resolve(path)));
  try {
    let begun = false;
    return await writable(
      path,
      option,
      nodeLocks(path).request(LOCK, { ifAvailable: true }, async (lock) => {
        begun = true;
        if (lock === null) throw new TunesmithError({ code: 'output_dir_in_use', values: { path, option } });
        return await work(nodeFiles(path));
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
async function writable<T>(
  path: string,
  option: OutputOption,
  making: Promise<T>,
  counts: () => boolean = () => true,
): Promise<T> {
  try {
    return await making;
  } catch (error) {
    const reason = counts() ? REASONS[codeOf(error)] : undefined;
    if (reason === undefined) throw error;
    throw new TunesmithError({ code: 'output_dir', values: { path, option, reason }, cause: error });
  }
}

/** Files that an export may write: weights, and files beside them. */
const WEIGHTS = /\.(?:gguf|safetensors|onnx|onnx_data(?:_\d+)?)$/;
const BESIDE = [...SMALL_FILES, INDEX_FILE, ADAPTER_CONFIG, SETTINGS_FILE, 'README.md', 'Modelfile'];

/** Whether a file has the name of one that an export has not finished. Other temporary files are a person's. */
function isLeftover(path: string): boolean {
  const own = path.replace(/\.tmp$/, '');
  return isTemporary(path) && (WEIGHTS.test(own) || BESIDE.includes(own));
}

/**
 * The files that a killed export left in a folder, also in inner folders. Throws `output_not_empty` at the first other
 * file.
 */
async function leftoversIn(path: string, wasKilled: boolean): Promise<readonly string[]> {
  const left: string[] = [];
  for await (const name of filesIn(path)) {
    if (name === `${LOCK}.lock`) continue;
    const posix = name.split(sep).join('/');
    if (!wasKilled || !isLeftover(posix)) {
      throw new TunesmithError({ code: 'output_not_empty', values: { path, first: name } });
    }
    left.push(posix);
  }
  return left;
}

/** The files of a folder, and then those of its inner folders. An inner folder that can't be read counts as a file. */
async function* filesIn(path: string, inner = ''): AsyncGenerator<string, void, void> {
  const folders: string[] = [];
  try {
    for await (const entry of await opendir(join(path, inner))) {
      const name = join(inner, entry.name);
      if (entry.isDirectory()) folders.push(name);
      else yield name;
    }
  } catch (error) {
    if (inner === '' || codeOf(error) !== 'EACCES') throw error;
    yield inner;
  }
  for (const folder of folders) yield* filesIn(path, folder);
}
