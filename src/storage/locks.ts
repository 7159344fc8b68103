import { TunesmithError } from '../core/errors';

export type Locks = Pick<LockManager, 'request' | 'query'>;

const PREFIX = 'tunesmith-run-';
const STORAGE = 'tunesmith-storage';
const MODEL = 'tunesmith-model-';
const EXPORTS = 'tunesmith-exports-';

/**
 * Does what writes to a run's folder while no other tab does.
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
 * Does what adds or removes models and runs while no other tab does, waiting for its turn: a model is kept before the
 * run that needs it is recorded, and would else look like one that no run needs.
 */
export async function withStorageLock<T>(locks: Locks | undefined, work: () => Promise<T>): Promise<T> {
  return locks === undefined ? work() : locks.request(STORAGE, work);
}

const TAKEN: unique symbol = Symbol();

/**
 * Does what fetches, keeps or removes a model while no other tab does, waiting for its turn.
 *
 * @param key the model's name
 * @param onWait called where another tab has the model: what it is doing may take long
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

/** The runs that are under way in this tab or another. A run that is recorded as running and isn't here was cut off. */
export async function lockedRuns(locks: Locks | undefined): Promise<ReadonlySet<string>> {
  return await lockedNames(locks, PREFIX);
}

/** Marks a folder of exports as one that a tab has, for as long as the tab is there. */
export async function holdExports(locks: Locks | undefined, id: string): Promise<void> {
  if (locks === undefined) return;
  await new Promise<void>((resolve, reject) => {
    const hold = (): Promise<never> => {
      resolve();
      return new Promise<never>(() => undefined);
    };
    locks.request(EXPORTS + id, hold).catch(reject);
  });
}

/** The folders of exports that this tab or another one has. */
export async function heldExports(locks: Locks | undefined): Promise<ReadonlySet<string>> {
  return await lockedNames(locks, EXPORTS);
}

async function lockedNames(locks: Locks | undefined, prefix: string): Promise<ReadonlySet<string>> {
  const { held = [] } = (await locks?.query()) ?? {};
  const names = held.map(({ name = '' }) => name).filter((name) => name.startsWith(prefix));
  return new Set(names.map((name) => name.slice(prefix.length)));
}
