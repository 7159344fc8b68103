import { object, safeParse, string } from 'valibot';
import { sha256Hex } from '../core/bytes';
import { TunesmithError } from '../core/errors';
import { decodeCheckpoint, encodeCheckpoint, type CheckpointState } from '../formats/checkpoint';
import { isTemporary, readJson, writeJson, type FileStore } from './file_store';

/** Names the checkpoint that counts: written last of all, so it never names one that wasn't whole. */
const POINTER = 'latest.json';
const pointerSchema = object({ file: string() });

/**
 * Saves a checkpoint in a run's folder: written whole, read back and compared, then pointed to; only then are the ones
 * beyond `limit` removed. A failure at any point leaves the last one as it was.
 *
 * @param limit how many to keep (`save_total_limit`), at least 1
 * @throws TunesmithError `storage_full`; `checkpoint_not_saved` where the storage gives back other bytes
 */
export async function saveCheckpoint(
  files: FileStore,
  folder: string,
  state: CheckpointState,
  limit: number,
): Promise<void> {
  const file = `checkpoint-${state.step}.safetensors`;
  const bytes = await encodeCheckpoint(state);
  await files.write(`${folder}/${file}`, bytes);
  const written = await files.read(`${folder}/${file}`);
  if (written === undefined || (await sha256Hex(written)) !== (await sha256Hex(bytes))) {
    throw new TunesmithError({
      code: 'checkpoint_not_saved',
      message: `The checkpoint of step ${state.step} was written, but the storage gives back other bytes.`,
      hint: 'Check the disk. The checkpoint before it is still there.',
    });
  }
  await writeJson(files, `${folder}/${POINTER}`, { file });
  await removeBeyond(files, folder, state.step, limit);
}

/**
 * The newest checkpoint of a run's folder that is as it was written: the one pointed to, else the next older. Clears
 * away what a crash left.
 *
 * @returns undefined where no checkpoint was ever saved
 * @throws TunesmithError `checkpoint_damaged` where there are some and none is whole
 */
export async function loadCheckpoint(files: FileStore, folder: string): Promise<CheckpointState | undefined> {
  const paths = await files.list(folder);
  await removeAll(files, paths.filter(isTemporary));
  const found = checkpointsAmong(paths);
  const pointed = await pointedTo(files, folder);
  found.sort((a, b) => Number(b.path === pointed) - Number(a.path === pointed) || b.step - a.step);
  let failure: unknown;
  for (const { path } of found) {
    const bytes = await files.read(path);
    if (bytes === undefined) continue;
    try {
      // It has a hash of its own, and is refused where that differs.
      return await decodeCheckpoint(bytes, path);
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure === undefined) return undefined;
  throw new TunesmithError({
    code: 'checkpoint_damaged',
    message: `None of the run's checkpoints (${found.length}) is as it was written.`,
    hint: 'Start the run anew; its settings and examples are still known.',
    cause: failure,
  });
}

async function pointedTo(files: FileStore, folder: string): Promise<string | undefined> {
  const pointer = safeParse(pointerSchema, await readJson(files, `${folder}/${POINTER}`));
  return pointer.success ? `${folder}/${pointer.output.file}` : undefined;
}

function checkpointsAmong(paths: readonly string[]): { path: string; step: number }[] {
  return paths.flatMap((path) => {
    const step = /\/checkpoint-(\d+)\.safetensors$/.exec(path)?.[1];
    return step === undefined ? [] : [{ path, step: Number(step) }];
  });
}

/** Keeps the `limit` newest up to `step`. Later ones are of a time before the run went back to an older checkpoint. */
async function removeBeyond(files: FileStore, folder: string, step: number, limit: number): Promise<void> {
  const paths = await files.list(folder);
  const found = checkpointsAmong(paths).sort((a, b) => b.step - a.step);
  const kept = found.filter((checkpoint) => checkpoint.step <= step).slice(0, Math.max(1, limit));
  const spare = found.filter((checkpoint) => !kept.includes(checkpoint)).map(({ path }) => path);
  await removeAll(files, [...spare, ...paths.filter(isTemporary)]);
}

/** What can't be removed now harms nobody; the next checkpoint tries again. */
async function removeAll(files: FileStore, paths: readonly string[]): Promise<void> {
  for (const path of paths) await files.remove(path).catch(() => undefined);
}
