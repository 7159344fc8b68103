import type { FileReader } from '../core/file_reader';
import type { CheckpointStore } from './checkpoints';

/**
 * The storage of runs: for each run its record, its example files and its checkpoints. The page uses IndexedDB, the
 * command line plain files. Writes to one run must not overlap; `withRunLock` ensures that between tabs.
 */
export interface RunStorage {
  /** Stores a new run completely, or not at all. @throws TunesmithError `storage_full` */
  create(id: string, record: object, examples: readonly FileReader[]): Promise<void>;
  /**
   * The record last stored under this id. Another version of the program may have written it, so the caller must
   * validate it.
   */
  record(id: string): Promise<unknown>;
  /** All records by id. */
  records(): Promise<ReadonlyMap<string, unknown>>;
  /** @throws TunesmithError `storage_full` */
  putRecord(id: string, record: object): Promise<void>;
  /** The example files of a run; undefined if any of them is missing. */
  examples(id: string): Promise<readonly FileReader[] | undefined>;
  checkpoints(id: string): CheckpointStore;
  /** Bytes of a run's examples and checkpoints. */
  size(id: string): Promise<number>;
  /** Removes a run with all its data; the record last, so that after a crash no data is without a record. */
  remove(id: string): Promise<void>;
}
