import type { SavedModel, ModelLibrary } from './library';
import type { BaseSource } from '../../storage/saved_base';
import { storageReport, type StorageReport } from '../reports';
import type { RunRecords } from '../runs/run_records';

/** A saved base, or an unfinished download. */
export interface SavedModelReport extends Omit<SavedModel, 'source' | 'usedAt'> {
  readonly source: SavedModel['source']['kind'];
  readonly repo?: string;
  readonly commit?: string;
  /** The endpoint that it came from. */
  readonly endpoint?: string;
  /** ISO 8601, in UTC. */
  readonly usedAt: string;
  /** Number of runs that need it to continue. */
  readonly usedByRuns: number;
}

export interface SavedModelParts {
  readonly library: Pick<ModelLibrary, 'saved' | 'remove'>;
  readonly records: Pick<RunRecords, 'all'>;
  readonly storage: Pick<StorageManager, 'estimate' | 'persisted'>;
}

/** The stored models and the room that they take. */
export class SavedModels {
  readonly #parts: SavedModelParts;

  constructor(parts: SavedModelParts) {
    this.#parts = parts;
  }

  /** The most recently used first. */
  async list(): Promise<readonly SavedModelReport[]> {
    const { library, records } = this.#parts;
    const [kept, runs] = await Promise.all([library.saved(), records.all()]);
    return kept.map(({ source, usedAt, ...model }) => ({
      ...model,
      source: source.kind,
      ...originOf(source),
      usedAt: new Date(usedAt).toISOString(),
      usedByRuns: runs.filter(({ baseId }) => baseId === model.id).length,
    }));
  }

  /**
   * Removes the stored model with this id, even if runs need it: these then say how to get it again. Throws
   * `model_in_other_tab`.
   */
  async remove(id: string): Promise<void> {
    await this.#parts.library.remove(id);
  }

  async report(): Promise<StorageReport> {
    return await storageReport(this.#parts.storage);
  }
}

function originOf(source: BaseSource): Pick<SavedModelReport, 'repo' | 'commit' | 'endpoint'> {
  if (source.kind === 'files') return {};
  const { repo, commit, endpoint } = source;
  return { repo, commit, endpoint };
}
