import { TunesmithError } from '../core/errors';
import { decodeCheckpoint, encodeCheckpoint, type CheckpointState } from '../formats/checkpoint';

/** The checkpoints of one run: bytes by step, and a pointer to the current one. */
export interface CheckpointStore {
  /** The steps of the stored checkpoints, ascending, and that of the pointer, if it can be read. */
  list(): Promise<StoredCheckpoints>;
  /** The checkpoint of a step; undefined if there is none. */
  read(step: number): Promise<Uint8Array<ArrayBuffer> | undefined>;
  /**
   * Stores a checkpoint beside the others and points to it. A reader finds either all of it or the one before. Before
   * this resolves, the stored bytes are read back and compared.
   *
   * @throws TunesmithError `storage_full`; `checkpoint_not_saved` if the storage returns other bytes
   */
  save(step: number, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
  /**
   * Removes the checkpoints of these steps, and incomplete ones that crashes left. Never throws: the next save tries
   * again.
   */
  remove(steps: readonly number[]): Promise<void>;
}

export interface StoredCheckpoints {
  readonly steps: readonly number[];
  readonly latest?: number;
}

/**
 * Saves a checkpoint, and only then removes those beyond `limit`. A failure at any point leaves the previous one
 * intact.
 *
 * @param limit number of checkpoints to keep (`save_total_limit`), at least 1
 * @param valued steps, the best first: the best of those stored is kept instead of the oldest one within the limit, but
 *   never instead of the newest, as in Transformers' Trainer
 * @throws TunesmithError as `CheckpointStore.save`
 */
export async function saveCheckpoint(
  store: CheckpointStore,
  state: CheckpointState,
  limit: number,
  valued: readonly number[] = [],
): Promise<void> {
  await store.save(state.step, await encodeCheckpoint(state));
  const { steps } = await store.list();
  // Later checkpoints are from before the run went back to an older one.
  const usable = steps.filter((step) => step <= state.step);
  const best = valued.find((step) => usable.includes(step));
  const newest = usable.slice(-Math.max(1, limit));
  const kept =
    best === undefined || newest.includes(best) ? newest : [best, ...newest.slice(limit > 1 ? 1 : 0)];
  await store.remove(steps.filter((step) => !kept.includes(step)));
}

/**
 * The first intact checkpoint of these steps, in their order.
 *
 * @returns undefined if each of them is missing or damaged
 */
export async function loadFirst(
  store: CheckpointStore,
  valued: readonly number[],
): Promise<CheckpointState | undefined> {
  const { steps } = await store.list();
  for (const step of valued.filter((each) => steps.includes(each))) {
    const bytes = await store.read(step);
    const state = bytes && (await decodeCheckpoint(bytes, `checkpoint-${step}`).catch(() => undefined));
    if (state) return state;
  }
  return undefined;
}

/**
 * The newest intact checkpoint of a run: the current one, else the next older. Also removes incomplete ones that a
 * crash left.
 *
 * @returns undefined if no checkpoint was ever saved
 * @throws TunesmithError `checkpoints_damaged` if checkpoints exist but none is intact
 */
export async function loadCheckpoint(store: CheckpointStore): Promise<CheckpointState | undefined> {
  await store.remove([]);
  const { steps, latest } = await store.list();
  const order = [...steps].sort((a, b) => Number(b === latest) - Number(a === latest) || b - a);
  let failure: unknown;
  for (const step of order) {
    try {
      const bytes = await store.read(step);
      // Decoding checks the hash in the file.
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

/** For stores: the error of `save` if the storage returns other bytes than were written. */
export function notSaved(step: number): TunesmithError {
  return new TunesmithError({ code: 'checkpoint_not_saved', values: { step } });
}
