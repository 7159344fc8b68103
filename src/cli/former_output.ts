import { ADAPTER_CONFIG, ADAPTER_WEIGHTS } from '../models/adapter_files';
import { SMALL_FILES } from '../models/tokenizer_files';
import type { RunRecords } from '../session/runs/run_records';
import type { FileStore } from '../storage/file_store';

/** The folder of a training's checkpoints within its output folder. */
export const RUNS = 'runs';

/**
 * The runs and the adapter in an output folder from before a new run. They are removed only when the new run makes its
 * first step: a run that can't be planned, or finds no memory, leaves the folder unchanged.
 */
export class FormerOutput {
  readonly #files: FileStore;
  readonly #records: Pick<RunRecords, 'all' | 'remove'>;
  readonly #former: ReadonlySet<string>;
  #removing: Promise<void> | undefined;

  private constructor(
    files: FileStore,
    records: Pick<RunRecords, 'all' | 'remove'>,
    former: ReadonlySet<string>,
  ) {
    this.#files = files;
    this.#records = records;
    this.#former = former;
  }

  static async in(files: FileStore, records: Pick<RunRecords, 'all' | 'remove'>): Promise<FormerOutput> {
    return new FormerOutput(files, records, await foldersOf(files));
  }

  /** Starts to remove the former output; later calls do nothing. */
  replace(): void {
    this.#removing ??= this.#removeFormer();
    // `settle` reports a failure.
    this.#removing.catch(() => undefined);
  }

  /** Call it after the new run has ended, in any way. If the run made no step, this removes its files. */
  async settle(): Promise<void> {
    if (this.#removing) {
      await this.#removing;
      return;
    }
    const now = await foldersOf(this.#files);
    await this.#remove(new Set([...now].filter((id) => !this.#former.has(id))), []);
  }

  /** Removes the small files too, except in the folder of a model, to which they belong. */
  async #removeFormer(): Promise<void> {
    const ofModel = (await this.#files.size('config.json')) > 0;
    const small = ofModel ? [] : SMALL_FILES;
    await this.#remove(this.#former, [ADAPTER_CONFIG, ADAPTER_WEIGHTS, ...small]);
  }

  async #remove(ids: ReadonlySet<string>, names: readonly string[]): Promise<void> {
    for (const { id } of await this.#records.all()) if (ids.has(id)) await this.#records.remove(id);
    // A killed process may have left a folder without a complete run.
    for (const id of ids) await this.#files.remove(`${RUNS}/${id}`);
    for (const name of names) await this.#files.remove(name);
  }
}

async function foldersOf(files: FileStore): Promise<ReadonlySet<string>> {
  return new Set((await files.list(RUNS)).map((path) => path.split('/')[1]!));
}
