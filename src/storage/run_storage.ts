import type { FileReader } from '../core/file_reader';
import type { CheckpointStore } from './checkpoints';

/**
 * Where runs are kept: for each its record, its example files and its checkpoints. The page has them in IndexedDB, the
 * command line in plain files. Writers of one run must not overlap; `withRunLock` sees to that between tabs.
 */
export interface RunStorage {
  /** Stores a new run whole, or nothing of it. @throws TunesmithError `storage_full` */
  create(id: string, record: object, examples: readonly FileReader[]): Promise<void>;
  /** What was stored last under this id. Some version of the program wrote it: check it. */
  record(id: string): Promise<unknown>;
  /** All that is stored so, by id. */
  records(): Promise<ReadonlyMap<string, unknown>>;
  /** @throws TunesmithError `storage_full` */
  putRecord(id: string, record: object): Promise<void>;
  /** The example files of a run; undefined if they, or some of them, are no longer there. */
  examples(id: string): Promise<readonly FileReader[] | undefined>;
  checkpoints(id: string): CheckpointStore;
  /** Bytes of a run's examples and checkpoints. */
  size(id: string): Promise<number>;
  /** Removes a run with all that is stored for it; its record goes last, so that a crash leaves nothing unnamed. */
  remove(id: string): Promise<void>;
}
