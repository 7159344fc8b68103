import { describeError, TunesmithError } from '../../core/errors';
import type { FileReader } from '../../core/file_reader';
import { GrowingNumbers } from '../../core/growing_numbers';
import type { SourceOptions } from '../../core/settings/sources';
import type { Scratch } from '../../data/byte_log';
import { contentKey } from '../../data/content_key';
import type { ExampleSettings } from '../../data/examples';
import { DataFault } from '../../data/files/fault';
import { LazyExamples } from '../../data/lazy_examples';
import type { Fillings } from '../../data/placeholders';
import { Problems, type ProblemGroup } from '../../data/problems';
import { recordsOf, type DataRecord, type Problem, type Sample } from '../../data/records';
import { RowStore } from '../../data/row_store';
import { sampleOf } from '../../data/shapes';
import type { Objective, SampleExamples } from '../../models/objectives/objective';
import { FoundPlaceholders } from './found_placeholders';

/** Numbers of examples. */
interface Counts {
  /** Examples that were cut. */
  truncated: number;
  conversations: number;
  /** Records with a text or an answer that no special token ends. */
  endless: number;
}

/** Reads files into rows and examples. */

/** A file of examples with its options. */
export interface DataSource {
  readonly file: FileReader;
  readonly options: SourceOptions;
}

/** The settings of reading. */
export interface ReadingOptions {
  readonly objective: Objective;
  readonly settings: ExampleSettings;
  /** Texts for placeholders. */
  readonly fillings: Fillings;
  readonly scratch: (() => Promise<Scratch>) | undefined;
}

/** Reads files into rows and examples. */
export class Reading {
  readonly rows: RowStore;
  readonly examples: LazyExamples;
  readonly placeholders: FoundPlaceholders;
  /** A list for each file. */
  readonly problems: (readonly ProblemGroup[])[] = [];
  /** Indices of the files that have examples. */
  readonly used = new Set<number>();
  readonly counts: Counts = { truncated: 0, conversations: 0, endless: 0 };
  /** Content keys of the rows. */
  readonly #contents = new GrowingNumbers(Float64Array);
  readonly #sources: readonly DataSource[];
  readonly #options: ReadingOptions;

  constructor(sources: readonly DataSource[], options: ReadingOptions) {
    this.#sources = sources;
    this.#options = options;
    this.rows = new RowStore(options.scratch);
    this.placeholders = new FoundPlaceholders(options.fillings);
    this.examples = new LazyExamples(async (row) => this.#examplesOf(await this.#sample(row)).examples);
  }

  /**
   * Reads a file. A record that can't be used becomes a problem and does not stop the others. A file that can't be used
   * becomes a problem as a whole.
   *
   * @param beforeRecord is awaited before each record; it may let others run, and may throw to stop
   */
  async read(source: number, beforeRecord: () => Promise<void>): Promise<void> {
    const { file } = this.#sources[source]!;
    const before = { rows: this.rows.length, examples: this.examples.length, counts: { ...this.counts } };
    const problems = new Problems();
    try {
      for await (const result of recordsOf(file)) {
        await beforeRecord();
        const problem = 'sample' in result ? await this.#add(result, source) : result;
        if (problem) problems.add(problem);
      }
      if (this.examples.length > before.examples) this.used.add(source);
      this.problems.push(problems.groups);
    } catch (fault) {
      if (!(fault instanceof DataFault)) throw fault;
      await this.rows.truncate(before.rows);
      this.examples.truncate(before.examples);
      this.#contents.truncate(before.rows);
      Object.assign(this.counts, before.counts);
      const { code, reason, line, column } = fault;
      const whole = new Problems();
      whole.add({ file: file.name, code, reason, line, column });
      this.problems.push(whole.groups);
    }
  }

  /** Index of the source that an example comes from. */
  readonly sourceOf = (example: number): number => this.rows.place(this.examples.row(example)).file;

  /** A number that is equal for examples of rows with the same content. */
  readonly contentOf = (example: number): number => this.#contents.at(this.examples.row(example));

  /** The content of an example's row, as it is learnt. */
  async sampleOf(example: number): Promise<Sample> {
    return await this.#sample(this.examples.row(example));
  }

  async #sample(row: number): Promise<Sample> {
    const sample = sampleOf(await this.rows.value(row));
    if ('kind' in sample) return this.#prepared(sample, this.rows.place(row).file);
    throw new Error(`row ${row} could be read before, but not again`);
  }

  /** The content as it is learnt: with placeholders filled, and with the source's system message. */
  #prepared(sample: Sample, source: number): Sample {
    const filled = this.placeholders.fill(sample);
    const system = this.#sources[source]?.options.default_system;
    return system === undefined ? filled : withSystem(filled, system);
  }

  async #add(read: DataRecord, source: number): Promise<Problem | undefined> {
    const { file, record, line, value } = read;
    this.placeholders.count(read.sample);
    const sample = this.#prepared(read.sample, source);
    let made: SampleExamples;
    try {
      made = this.#examplesOf(sample);
    } catch (error) {
      if (!(error instanceof TunesmithError)) throw error;
      const { code, values } = describeError(error);
      return { file, record, line, code, reason: { code, values } };
    }
    const { examples, endless } = made;
    this.examples.add(this.rows.length, examples);
    this.#contents.push(contentKey(sample));
    await this.rows.append(value, { file: source, record, line });
    this.counts.truncated += examples.filter(({ whole }) => whole !== undefined).length;
    if (sample.kind === 'chat') this.counts.conversations++;
    if (endless) this.counts.endless++;
    return undefined;
  }

  #examplesOf(sample: Sample): SampleExamples {
    const { objective, settings } = this.#options;
    return objective.examples(sample, settings);
  }
}

/** A conversation with a system message, which it gets if it has none. */
function withSystem(sample: Sample, system: string): Sample {
  if (sample.kind !== 'chat' || sample.messages.some(({ role }) => role === 'system')) return sample;
  return { ...sample, messages: [{ role: 'system', content: system }, ...sample.messages] };
}
