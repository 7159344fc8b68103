import { message, type Message } from '../../core/messages/message';
import { dataKey, parseSettings, type TrainSettings } from '../../core/settings/settings';
import type { JudgedSample, Message as ChatMessage } from '../../data/messages';
import { previewTokens, type PreviewToken } from '../../data/preview';
import type { Mapping } from '../../data/shapes';
import type { DataFile, Dataset } from './dataset';
import type { Progress } from '../progress';
import type { Session } from '../session';
import type { OpenedRow, RowQuery, RowReport, RowsPage } from './row_table';
import { dataReport, type DataReport } from '../reports';
import { dataFiles, demoExamples, type NamedBlob } from '../models/sources';

export interface PreviewExample {
  readonly index: number;
  readonly tokens: readonly PreviewToken[];
}

/** A part of a row of which answers are compared or judged. */
interface JudgedText {
  readonly part: 'prompt' | 'chosen' | 'rejected' | 'good' | 'bad';
  readonly text: string;
}

/** A row, opened. A long one is told in part. */
export interface RowDetail {
  readonly report: RowReport;
  /** The record as JSON, as its file or the person has it: its beginning. */
  readonly value: string;
  /** Whether that is all of it. */
  readonly isWhole: boolean;
  /** The examples that are made of it: none if it is not learnt. */
  readonly examples: readonly {
    /** The first ones. */
    readonly tokens: readonly PreviewToken[];
    /** Number of all. */
    readonly length: number;
  }[];
  /** Its parts if answers are compared or judged in it. */
  readonly judged?: readonly JudgedText[];
  /** Why it can't be used. */
  readonly problem?: Message;
}

/** UTF-16 units of a record that are told, and that can be edited in a page. */
const MOST_VALUE = 200_000;

/** The part of a session that reading examples needs. */
export type ExamplesSession = Pick<Session, 'setExamples' | 'model' | 'hasDataset' | 'dataset'>;

/** Reads the examples that the page sets. Only the newest reading counts. */
export class Examples {
  readonly #session: ExamplesSession;
  readonly #page: string | undefined;
  #reading: AbortController | undefined;
  /** The files that were given last, by their numbers. */
  #known: ReadonlyMap<number, DataFile> = new Map();

  /**
   * @param page address of the folder that contains `examples`, with a slash at the end; undefined if there is no page
   */
  constructor(session: ExamplesSession, page?: string) {
    this.#session = session;
    this.#page = page;
  }

  /** The demo's example file, for `set`. Throws `demo_missing`. */
  async demo(): Promise<NamedBlob> {
    return await demoExamples(this.#page ?? '');
  }

  report(): DataReport | undefined {
    return this.#session.hasDataset ? dataReport(this.#session.dataset) : undefined;
  }

  async set(
    files: readonly NamedBlob[],
    settings: TrainSettings,
    onProgress?: (progress: Progress) => void,
  ): Promise<DataReport> {
    return dataReport(await this.read(this.#readers(files), parseSettings(settings), onProgress));
  }

  /** The files as readers: the same one as before for a file that was given before. */
  #readers(files: readonly NamedBlob[]): readonly DataFile[] {
    const readers = dataFiles(files).map((reader, index) => {
      const id = files[index]?.id;
      const known = id === undefined ? undefined : this.#known.get(id);
      return { id, reader: known?.name === reader.name ? known : reader };
    });
    this.#known = new Map(readers.flatMap(({ id, reader }) => (id === undefined ? [] : [[id, reader]])));
    return readers.map(({ reader }) => reader);
  }

  /** Stops the present reading: it rejects with an `AbortError`. */
  stop(): void {
    this.#reading?.abort();
  }

  async preview(first: number, count: number): Promise<readonly PreviewExample[]> {
    const { dataset, model } = this.#session;
    const shown: PreviewExample[] = [];
    for (let index = first; index < Math.min(first + count, dataset.examples.length); index++) {
      const example = await dataset.examples.at(index);
      shown.push({ index, tokens: previewTokens(example, model.tokenizer) });
    }
    return shown;
  }

  /** The rows that match a query, as `RowTable.page`. */
  async rows(query: RowQuery, first: number, count: number): Promise<RowsPage> {
    return await this.#session.dataset.table.page(query, first, count);
  }

  /** A row with the first tokens, up to a number, of each example that is made of it; undefined if there is no such row. */
  async row(row: number, tokens: number): Promise<RowDetail | undefined> {
    const { table } = this.#session.dataset;
    return row < table.length ? this.#detail(await table.detail(row), tokens) : undefined;
  }

  /** A row of a file with other names of its columns, as `RowTable.tried`. */
  async tried(file: string, mapping: Mapping, tokens: number): Promise<RowDetail | undefined> {
    const opened = await this.#session.dataset.table.tried(file, mapping);
    return opened && this.#detail(opened, tokens);
  }

  #detail({ report, value, examples, judged, problem }: OpenedRow, most: number): RowDetail {
    const { tokenizer } = this.#session.model;
    return {
      report,
      value: value.slice(0, MOST_VALUE),
      isWhole: value.length <= MOST_VALUE,
      examples: examples.map(({ ids, trained }) => ({
        tokens: previewTokens({ ids: ids.subarray(0, most), trained }, tokenizer),
        length: ids.length,
      })),
      ...(judged && { judged: judgedTexts(judged) }),
      ...(problem && { problem }),
    };
  }

  /** Reads files, unless the same files were read last with the same settings. */
  async read(
    files: readonly DataFile[],
    settings: TrainSettings,
    onProgress?: (progress: Progress) => void,
  ): Promise<Dataset> {
    const { dataset } = this.#session.hasDataset ? this.#session : {};
    if (dataset && dataset.files === files && dataset.key === dataKey(settings)) return dataset;
    this.stop();
    const reading = new AbortController();
    this.#reading = reading;
    const started = performance.now();
    return await this.#session.setExamples(files, settings, {
      signal: reading.signal,
      onProgress: (fraction) => {
        const seconds = (performance.now() - started) / 1000;
        const etaSeconds = fraction > 0 ? (seconds / fraction) * (1 - fraction) : undefined;
        onProgress?.({ label: message('examples_reading'), fraction, etaSeconds });
      },
    });
  }
}

/** The texts of answers that are compared or judged. */
function judgedTexts(sample: JudgedSample): readonly JudgedText[] {
  const textOf = (messages: readonly ChatMessage[]): string =>
    messages
      .map(({ content }) => content)
      .join('\n\n')
      .slice(0, MOST_VALUE);
  if (sample.kind === 'preference') {
    const { prompt, chosen, rejected } = sample;
    return [
      { part: 'prompt', text: textOf(prompt) },
      { part: 'chosen', text: textOf(chosen) },
      { part: 'rejected', text: textOf(rejected) },
    ];
  }
  const { messages, desirable } = sample;
  return [
    { part: 'prompt', text: textOf(messages.slice(0, -1)) },
    { part: desirable ? 'good' : 'bad', text: textOf(messages.slice(-1)) },
  ];
}
