import { TunesmithError } from '../core/errors';

export type Locks = Pick<LockManager, 'request' | 'query'>;

const PREFIX = 'tunesmith-run-';
const STORAGE = 'tunesmith-storage';
const MODEL = 'tunesmith-model-';

/**
 * Runs work that writes to a run's folder, and excludes other tabs from it.
 *
 * @param locks `navigator.locks`; undefined if there are no other tabs, as on a command line
 * @throws TunesmithError `run_in_other_tab`
 */
export async function withRunLock<T>(
  locks: Locks | undefined,
  runId: string,
  work: () => Promise<T>,
): Promise<T> {
  if (locks === undefined) return work();
  return locks.request(PREFIX + runId, { ifAvailable: true }, (lock) => {
    if (lock === null) {
      throw new TunesmithError({ code: 'run_in_other_tab' });
    }
    return work();
  });
}

/**
 * Runs work that adds or removes models and runs, and excludes other tabs from it; waits for its turn. The lock is
 * needed because a model is saved before the run that needs it is recorded, and would look unneeded in between.
 */
export async function withStorageLock<T>(locks: Locks | undefined, work: () => Promise<T>): Promise<T> {
  return locks === undefined ? work() : locks.request(STORAGE, work);
}

const TAKEN: unique symbol = Symbol();

/**
 * Runs work that downloads, saves or removes a model, and excludes other tabs from it; waits for its turn.
 *
 * @param key the model's name
 * @param onWait called if another tab has the model, because its work may take long
 * @param refuse throws `model_in_other_tab` instead of waiting
 * @param signal ends the waiting
 */
export async function withModelLock<T>(
  locks: Locks | undefined,
  key: string,
  work: () => Promise<T>,
  {
    onWait,
    refuse = false,
    signal,
  }: { readonly onWait?: () => void; readonly refuse?: boolean; readonly signal?: AbortSignal } = {},
): Promise<T> {
  if (locks === undefined) return await work();
  const name = MODEL + key;
  const result = await locks.request(name, { ifAvailable: true }, (lock) => (lock === null ? TAKEN : work()));
  if (result !== TAKEN) return result;
  if (refuse) {
    throw new TunesmithError({ code: 'model_in_other_tab', values: { name: key } });
  }
  onWait?.();
  return await locks.request(name, signal ? { signal } : {}, work);
}

/** The runs in progress in this tab or another. A run that is recorded as running but missing here was interrupted. */
export async function lockedRuns(locks: Locks | undefined): Promise<ReadonlySet<string>> {
  return await lockedNames(locks, PREFIX);
}

/** Marks a tab's folder below `root` as in use until this tab is closed. */
export async function holdFolder(locks: Locks | undefined, root: string, id: string): Promise<void> {
  if (locks === undefined) return;
  await new Promise<void>((resolve, reject) => {
    const hold = (): Promise<never> => {
      resolve();
      return new Promise<never>(() => undefined);
    };
    locks.request(folderPrefix(root) + id, hold).catch(reject);
  });
}

/** The folders below `root` that this tab or another one uses. */
export async function heldFolders(locks: Locks | undefined, root: string): Promise<ReadonlySet<string>> {
  return await lockedNames(locks, folderPrefix(root));
}

function folderPrefix(root: string): string {
  return `tunesmith-${root}-`;
}

async function lockedNames(locks: Locks | undefined, prefix: string): Promise<ReadonlySet<string>> {
  const { held = [] } = (await locks?.query()) ?? {};
  const names = held.map(({ name = '' }) => name).filter((name) => name.startsWith(prefix));
  return new Set(names.map((name) => name.slice(prefix.length)));
}
