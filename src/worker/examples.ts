import { parseSettings, type TrainSettings } from '../core/settings/settings';
import type { DataFile, Dataset } from '../session/dataset';
import type { Progress } from '../session/progress';
import type { Session } from '../session/session';
import type { DataReport, PreviewExample } from './protocol';
import { dataReport } from './reports';

/** Reads the examples as they are set. Only the newest reading counts. */
export class Examples {
  readonly #session: Pick<Session, 'setExamples' | 'preview' | 'hasDataset' | 'dataset'>;
  #reading: AbortController | undefined;

  constructor(session: Pick<Session, 'setExamples' | 'preview' | 'hasDataset' | 'dataset'>) {
    this.#session = session;
  }

  report(): DataReport | undefined {
    return this.#session.hasDataset ? dataReport(this.#session.dataset) : undefined;
  }

  async set(
    files: readonly DataFile[],
    settings: TrainSettings,
    onProgress?: (progress: Progress) => void,
  ): Promise<DataReport> {
    return dataReport(await this.read(files, parseSettings(settings), onProgress));
  }

  /** Ends the reading that is under way: it rejects with an `AbortError`. */
  stop(): void {
    this.#reading?.abort();
  }

  preview(first: number, count: number): readonly PreviewExample[] {
    return this.#session.preview(first, count).map((tokens, i) => ({ index: first + i, tokens }));
  }

  async read(
    files: readonly DataFile[],
    settings: TrainSettings,
    onProgress?: (progress: Progress) => void,
  ): Promise<Dataset> {
    this.stop();
    const reading = new AbortController();
    this.#reading = reading;
    const started = performance.now();
    return await this.#session.setExamples(files, settings, {
      signal: reading.signal,
      onProgress: (fraction) => {
        const seconds = (performance.now() - started) / 1000;
        const etaSeconds = fraction > 0 ? (seconds / fraction) * (1 - fraction) : undefined;
        onProgress?.({ label: 'Reading the examples', fraction, etaSeconds });
      },
    });
  }
}
