import { TunesmithError } from '../core/errors';
import { decodeCheckpoint, encodeCheckpoint, type CheckpointState } from '../formats/checkpoint';

/** The checkpoints of one run, as bytes by their step, and a pointer to the one that counts. */
export interface CheckpointStore {
  /** The steps of those that are stored, ascending, and the one pointed to, if a pointer can be read. */
  list(): Promise<StoredCheckpoints>;
  /** Undefined if there is none of this step. */
  read(step: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Stores a checkpoint beside the others and points to it: a reader finds all of it or the one before. The storage has
   * given back the same bytes when this resolves.
   *
   * @throws TunesmithError `storage_full`; `checkpoint_not_saved` if the storage gives back other bytes
   */
  save(step: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /** Removes the checkpoints of these steps, and what crashes left of others. Never throws: the next save tries again. */
  remove(steps: readonly number[]): Promise<void>;
}

export interface StoredCheckpoints {
  readonly steps: readonly number[];
  readonly latest?: number;
}

/**
 * Saves a checkpoint; only then are the ones beyond `limit` removed. A failure at any point leaves the last one as it was.
 *
 * @param limit how many to keep (`save_total_limit`), at least 1
 * @throws TunesmithError as `CheckpointStore.save`
 */
export async function saveCheckpoint(
  store: CheckpointStore,
  state: CheckpointState,
  limit: number,
): Promise<void> {
  await store.save(state.step, await encodeCheckpoint(state));
  const { steps } = await store.list();
  // Later ones are of a time before the run went back to an older checkpoint.
  const kept = steps.filter((step) => step <= state.step).slice(-Math.max(1, limit));
  await store.remove(steps.filter((step) => !kept.includes(step)));
}

/**
 * The newest checkpoint of a run that is as it was written: the one pointed to, else the next older. Clears away what a
 * crash left.
 *
 * @returns undefined if no checkpoint was ever saved
 * @throws TunesmithError `checkpoints_damaged` if there are some and none is whole
 */
export async function loadCheckpoint(store: CheckpointStore): Promise<CheckpointState | undefined> {
  await store.remove([]);
  const { steps, latest } = await store.list();
  const order = [...steps].sort((a, b) => Number(b === latest) - Number(a === latest) || b - a);
  let failure: unknown;
  for (const step of order) {
    try {
      const bytes = await store.read(step);
      // It has a hash of its own, and is refused if that differs.
      if (bytes) return await decodeCheckpoint(bytes, `checkpoint-${step}`);
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure === undefined) return undefined;
  throw new TunesmithError({
    code: 'checkpoints_damaged',
    values: { count: order.length },
    cause: failure,
  });
}

/** For stores: what `save` throws if the storage gives back other bytes than were written. */
export function notSaved(step: number): TunesmithError {
  return new TunesmithError({ code: 'checkpoint_not_saved', values: { step } });
}
