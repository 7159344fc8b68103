import { describeError, TunesmithError } from '../../core/errors';
import type { FileReader } from '../../core/file_reader';
import type { Scratch } from '../../data/byte_log';
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
export class Reading {
  readonly rows: RowStore;
  readonly examples: LazyExamples;
  readonly placeholders: FoundPlaceholders;
  /** A list for each file. */
  readonly problems: (readonly ProblemGroup[])[] = [];
  /** Indices of the files that have examples. */
  readonly used = new Set<number>();
  readonly counts: Counts = { truncated: 0, conversations: 0, endless: 0 };
  readonly #objective: Objective;
  readonly #settings: ExampleSettings;
  #files = 0;

  constructor(
    objective: Objective,
    settings: ExampleSettings,
    fillings: Fillings,
    scratch: (() => Promise<Scratch>) | undefined,
  ) {
    this.#objective = objective;
    this.#settings = settings;
    this.rows = new RowStore(scratch);
    this.placeholders = new FoundPlaceholders(fillings);
    this.examples = new LazyExamples(async (row) => this.#examplesOf(await this.sample(row)).examples);
  }

  /**
   * Reads the next file. A record that can't be used becomes a problem and does not stop the others. A file that can't be
   * used becomes a problem as a whole.
   *
   * @param beforeRecord is awaited before each record; it may let others run, and may throw to stop
   */
  async read(file: FileReader, beforeRecord: () => Promise<void>): Promise<void> {
    const index = this.#files++;
    const before = { rows: this.rows.length, examples: this.examples.length, counts: { ...this.counts } };
    const problems = new Problems();
    try {
      for await (const result of recordsOf(file)) {
        await beforeRecord();
        const problem = 'sample' in result ? await this.#add(result, index) : result;
        if (problem) problems.add(problem);
      }
      if (this.examples.length > before.examples) this.used.add(index);
      this.problems.push(problems.groups);
    } catch (fault) {
      if (!(fault instanceof DataFault)) throw fault;
      await this.rows.truncate(before.rows);
      this.examples.truncate(before.examples);
      Object.assign(this.counts, before.counts);
      const { code, reason, line, column } = fault;
      const whole = new Problems();
      whole.add({ file: file.name, code, reason, line, column });
      this.problems.push(whole.groups);
    }
  }

  /** The content of a row, with placeholders filled. */
  async sample(row: number): Promise<Sample> {
    const sample = sampleOf(await this.rows.value(row));
    if ('kind' in sample) return this.placeholders.fill(sample);
    throw new Error(`row ${row} could be read before, but not again`);
  }

  async #add(read: DataRecord, index: number): Promise<Problem | undefined> {
    const { file, record, line, value } = read;
    this.placeholders.count(read.sample);
    const sample = this.placeholders.fill(read.sample);
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
    await this.rows.append(value, { file: index, record, line });
    this.counts.truncated += examples.filter(({ whole }) => whole !== undefined).length;
    if (sample.kind === 'chat') this.counts.conversations++;
    if (endless) this.counts.endless++;
    return undefined;
  }

  #examplesOf(sample: Sample): SampleExamples {
    return this.#objective.examples(sample, this.#settings);
  }
}
