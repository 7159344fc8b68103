import type { ModelLibrary } from '../session/library';
import type { BaseSource } from '../storage/bases';
import { withStorageLock, type Locks } from '../storage/locks';
import { listModels, removeModel } from '../storage/models';
import type { StoredRun } from '../storage/runs';
import type { StorageReport, StoredModelReport } from './protocol';
import { storageReport } from './reports';
import type { Runs } from './runs';

export interface StoredModelParts {
  readonly library: Pick<ModelLibrary, 'stored' | 'remove'>;
  readonly runs: Pick<Runs, 'all' | 'files'>;
  readonly storage: Pick<StorageManager, 'estimate' | 'persisted'>;
  readonly locks: Locks | undefined;
}

/** What storage keeps of models, and the room that it takes. */
export class StoredModels {
  readonly #parts: StoredModelParts;

  constructor(parts: StoredModelParts) {
    this.#parts = parts;
  }

  /** The last used first. */
  async list(): Promise<readonly StoredModelReport[]> {
    const { library, runs } = this.#parts;
    const [kept, former, all] = await Promise.all([
      library.stored(),
      runs.files().then(listModels),
      runs.all(),
    ]);
    const users = (id: string): readonly StoredRun[] =>
      all.filter((run) => run.baseId === id || run.modelId === id);
    const reports = kept.map((model): StoredModelReport => {
      const { id, name, source, bytes, load, usedAt, partial } = model;
      return {
        ...{ id, name, source: source.kind, bytes, partial },
        ...originOf(source),
        ...(load && { load }),
        usedAt: new Date(usedAt).toISOString(),
        usedByRuns: users(id).length,
      };
    });
    const files = former.map(({ id, name, bytes }): StoredModelReport => {
      const runsOf = users(id);
      const usedAt = runsOf[0]?.updatedAt ?? '';
      return { id, name, source: 'files', bytes, usedAt, usedByRuns: runsOf.length, partial: false };
    });
    return [...reports, ...files].sort((a, b) => (a.usedAt < b.usedAt ? 1 : -1));
  }

  /** Removes what is kept under an id, and its runs' way to go on: they say so then. Throws `model_in_other_tab`. */
  async remove(id: string): Promise<void> {
    const { library, runs, locks } = this.#parts;
    await library.remove(id);
    const store = await runs.files();
    await withStorageLock(locks, () => removeModel(store, id));
  }

  async report(): Promise<StorageReport> {
    return await storageReport(this.#parts.storage);
  }
}

function originOf(source: BaseSource): Pick<StoredModelReport, 'repo' | 'commit' | 'endpoint'> {
  if (source.kind === 'files') return {};
  const { repo, commit, endpoint } = source;
  return { repo, commit, endpoint };
}
