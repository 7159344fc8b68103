import type { FileStore } from '../../storage/file_store';
import type { StoredRun } from '../../storage/runs';
import type { TrainEvent } from '../../train/events';
import { logHistory, type LogEntry } from '../../train/log_history';
import { LOG_FORMATS, logBytes, namesIn, type LogFormat } from './logs';

/** The folder of a run's log files, among its checkpoints: TensorBoard finds every run below `runs`. */
export function logFolder({ id }: Pick<StoredRun, 'id'>): string {
  return `runs/${id}/logs`;
}

/**
 * Writes a run's numbers into files while it trains, in the forms that `report_to` names. Going back to a checkpoint writes
 * the files anew, so that no step is in them twice. A failure to write does not disturb the training: `settle` tells it.
 */
export class LiveLogs {
  readonly #files: FileStore;
  readonly #run: StoredRun;
  readonly #formats: readonly LogFormat[];
  /** The bytes of each file so far. */
  readonly #sizes = new Map<LogFormat, number>();
  #entries: LogEntry[] = [];
  #names = new Set<string>();
  #lastStep: TrainEvent | undefined;
  #writing: Promise<void> = Promise.resolve();
  /** Rejects; undefined as long as nothing has failed. */
  #failure: Promise<void> | undefined;

  constructor(files: FileStore, run: StoredRun) {
    this.#files = files;
    this.#run = run;
    this.#formats = run.settings.report_to.map((name) => LOG_FORMATS[name]);
  }

  /** Makes the files hold this history and nothing else. */
  restart(history: readonly TrainEvent[]): void {
    this.#entries = [...logHistory(history)];
    this.#names = new Set(namesIn(this.#entries));
    this.#lastStep = history.findLast(({ event }) => event === 'step');
    for (const format of this.#formats) this.#writeWhole(format);
  }

  add(event: TrainEvent): void {
    const before = this.#lastStep ? [this.#lastStep] : [];
    const entry = logHistory([...before, event])[before.length];
    if (event.event === 'step') this.#lastStep = event;
    if (!entry) return;
    this.#entries.push(entry);
    const known = this.#names.size;
    for (const name of Object.keys(entry.values)) this.#names.add(name);
    for (const format of this.#formats) {
      if (format.hasColumns && this.#names.size > known) this.#writeWhole(format);
      else this.#append(format, format.row(this.#run, entry, this.#names));
    }
  }

  /** Waits for all writing. Rejects with the first failure. */
  async settle(): Promise<void> {
    await this.#writing;
    if (this.#failure) await this.#failure;
  }

  #writeWhole(format: LogFormat): void {
    const bytes = logBytes(format, this.#run, this.#entries);
    this.#then(async () => {
      await this.#files.write(this.#path(format), bytes);
      this.#sizes.set(format, bytes.length);
    });
  }

  #append(format: LogFormat, bytes: Uint8Array): void {
    this.#then(async () => {
      const writer = await this.#files.openWriter(this.#path(format));
      try {
        const at = this.#sizes.get(format) ?? 0;
        await writer.write(at, bytes);
        this.#sizes.set(format, at + bytes.length);
      } finally {
        await writer.close();
      }
    });
  }

  /** After a failure nothing more is written: the rest of a file would not be a whole one. */
  #then(write: () => Promise<void>): void {
    this.#writing = this.#writing.then(async () => {
      if (this.#failure) return;
      const written = write();
      await written.catch(() => (this.#failure = written));
    });
  }

  #path(format: LogFormat): string {
    return `${logFolder(this.#run)}/${format.fileName(this.#run)}`;
  }
}
