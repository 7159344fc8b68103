import { describeError, TunesmithError } from '../../core/errors';
import type { FileReader } from '../../core/file_reader';
import type { LosslessJson } from '../../core/lossless_json';
import type { Message } from '../../core/messages/message';
import { GrowingNumbers } from '../../core/growing_numbers';
import type { SourceOptions } from '../../core/settings/sources';
import type { Scratch } from '../../data/byte_log';
import type { TokenizedExample } from '../../data/batches';
import type { AddedRecord, RecordEdit } from '../../data/edits';
import type { Cleaner } from '../../data/cleaning/cleaner';
import { CleaningPass } from '../../data/cleaning/cleaning';
import { contentKey } from '../../data/content_key';
import { DataFault } from '../../data/files/fault';
import type { FileFacts } from '../../data/files/format';
import { LazyExamples } from '../../data/lazy_examples';
import type { Fillings } from '../../data/placeholders';
import { Problems, type ProblemGroup } from '../../data/problems';
import { isLearnt } from '../../data/messages';
import {
  readRecord,
  recordsOf,
  type DataRecord,
  type Problem,
  type RecordPlace,
  type RefusedRecord,
  type Sample,
} from '../../data/records';
import { RowStore } from '../../data/row_store';
import { sampleOf, UNRECOGNISED, type Mapping } from '../../data/shapes';
import { FoundColumns, type FoundColumn } from '../../data/shapes/found_columns';
import { guessMapping } from '../../data/shapes/guess';
import type { SampleExamples } from '../../models/objectives/objective';
import { FoundPlaceholders } from './found_placeholders';
import { bitOf, hasFlag } from './row_flags';

/** Numbers of examples. */
interface Counts {
  /** Examples that were cut. */
  truncated: number;
  conversations: number;
  /** Records with a text or an answer that no special token ends. */
  endless: number;
  /** Records that compare two answers. */
  compared: number;
  /** Records that say whether an answer is good. */
  judged: number;
}

/** A file of examples with its options. */
export interface DataSource {
  readonly file: FileReader;
  readonly options: SourceOptions;
  /** Changes of its records. */
  readonly edits: ReadonlyMap<number, RecordEdit>;
  /** Set for a file of edits: the records that it adds, or why it can't be read. */
  readonly added?: readonly AddedRecord[] | DataFault;
}

/** Facts about a file that was read. */
export interface ReadFacts extends FileFacts {
  readonly name: string;
  /** Records that were read, those with a fault included. */
  readonly records: number;
  readonly examples: number;
  /** The columns of its first records. */
  readonly columns: readonly FoundColumn[];
  /** A guess of what its columns mean. */
  readonly guess: Mapping | undefined;
  /** Records whose columns are not recognised. */
  readonly unrecognised: number;
}

/** The settings of reading. */
export interface ReadingOptions {
  /** Makes the examples of a sample. Throws a TunesmithError if it can't be used. */
  readonly examplesOf: (sample: Sample) => SampleExamples;
  readonly cleaner: Cleaner;
  /** Texts for placeholders. */
  readonly fillings: Fillings;
  readonly scratch: (() => Promise<Scratch>) | undefined;
}

/** Reads files into rows and examples. Every record that can be parsed is a row; those that can be learnt have examples. */
export class Reading {
  readonly rows: RowStore;
  readonly examples: LazyExamples;
  readonly placeholders: FoundPlaceholders;
  /** A list for each file. */
  readonly problems: (readonly ProblemGroup[])[] = [];
  /** Found out about each file. */
  readonly facts: ReadFacts[] = [];
  /** Indices of the files that have examples. */
  readonly used = new Set<number>();
  readonly counts: Counts = { truncated: 0, conversations: 0, endless: 0, compared: 0, judged: 0 };
  readonly cleaning: CleaningPass;
  /** The origins of the rows that no person wrote. */
  readonly origins = new Map<number, string>();
  /** The flags of each row. */
  readonly #flags = new GrowingNumbers(Uint32Array);
  /** The content key of each row. */
  readonly #contents = new GrowingNumbers(Float64Array);
  readonly #sources: readonly DataSource[];
  readonly #options: ReadingOptions;

  constructor(sources: readonly DataSource[], options: ReadingOptions) {
    this.#sources = sources;
    this.#options = options;
    this.rows = new RowStore(options.scratch);
    this.placeholders = new FoundPlaceholders(options.fillings);
    this.cleaning = new CleaningPass(options.cleaner, {
      sample: (row) => this.#sample(row),
      place: (row) => {
        const { file, record } = this.rows.place(row);
        return { file: sources[file]!.file.name, record };
      },
    });
    this.examples = new LazyExamples(async (row) => this.#examplesOf(await this.#sample(row)).examples);
  }

  /**
   * Reads a file. A record that can't be used becomes a problem and does not stop the others. A file that can't be used
   * becomes a problem as a whole.
   *
   * @param beforeRecord is awaited before each record; it may let others run, and may throw to stop
   */
  async read(source: number, beforeRecord: () => Promise<void>): Promise<void> {
    const { file, options, added } = this.#sources[source]!;
    const before = {
      rows: this.rows.length,
      examples: this.examples.length,
      counts: { ...this.counts },
      cleaning: this.cleaning.report,
    };
    const problems = new Problems();
    let facts: FileFacts = {};
    let records = 0;
    const found = new FoundColumns();
    let unrecognised = 0;
    const tell = (more: FileFacts): void => void (facts = { ...facts, ...more });
    try {
      const results =
        added === undefined ? recordsOf(file, { options, tell }) : addedRecords(file.name, added);
      for await (const result of results) {
        records++;
        await beforeRecord();
        const problem = await this.#take(result, source);
        if (result.value !== undefined) found.add(result.value);
        if (problem) problems.add(problem);
        if (problem?.code === UNRECOGNISED) unrecognised++;
      }
      if (this.examples.length > before.examples) this.used.add(source);
      this.problems.push(problems.groups);
    } catch (fault) {
      if (!(fault instanceof DataFault)) throw fault;
      await this.rows.truncate(before.rows);
      this.examples.truncate(before.examples);
      this.#flags.truncate(before.rows);
      this.#contents.truncate(before.rows);
      Object.assign(this.counts, before.counts);
      this.cleaning.restore(before.cleaning, before.rows);
      const { code, reason, line, column } = fault;
      const whole = new Problems();
      whole.add({ file: file.name, code, reason, line, column });
      this.problems.push(whole.groups);
    }
    this.facts.push({
      name: file.name,
      ...facts,
      records,
      examples: this.examples.length - before.examples,
      columns: found.columns,
      guess: guessMapping(found.values),
      unrecognised,
    });
  }

  /** Index of the source that an example comes from. */
  readonly sourceOf = (example: number): number => this.rows.place(this.examples.row(example)).file;

  /** A number that is equal for examples of rows with the same content. */
  readonly contentOf = (example: number): number => this.#contents.at(this.examples.row(example));

  /** Whether the person holds an example's row out for evaluation. */
  readonly isHeldOut = (example: number): boolean =>
    hasFlag(this.#flags.at(this.examples.row(example)), 'heldOut');

  /** Whether a program or a model wrote an example's row. */
  readonly isGenerated = (example: number): boolean => this.origins.has(this.examples.row(example));

  /** The flags of a row that reading alone decides. */
  flags(row: number): number {
    return this.#flags.at(row);
  }

  /** The content of an example's row, as it is learnt. */
  async sampleOf(example: number): Promise<Sample> {
    return await this.#sample(this.examples.row(example));
  }

  /** The content of a row's value, as it is learnt; undefined if it can't be used. */
  rowSample(value: LosslessJson, row: number): Sample | undefined {
    const { file } = this.rows.place(row);
    const sample = sampleOf(value, this.#sources[file]?.options);
    return 'kind' in sample && isLearnt(sample) ? this.#prepared(sample, file) : undefined;
  }

  /** The examples of a row's value, or why it can't be used. A row that the person or the cleaning left out has none. */
  made(
    value: LosslessJson,
    row: number,
  ): { readonly examples: readonly TokenizedExample[]; readonly problem?: Message } {
    const { file } = this.rows.place(row);
    const sample = sampleOf(value, this.#sources[file]?.options);
    if (!('kind' in sample)) return { examples: [], problem: sample.reason };
    if (!isLearnt(sample)) return { examples: [] };
    const flags = this.flags(row);
    if (hasFlag(flags, 'excluded') || hasFlag(flags, 'dropped')) return { examples: [] };
    try {
      return { examples: this.#examplesOf(this.#prepared(sample, file)).examples };
    } catch (error) {
      if (!(error instanceof TunesmithError)) throw error;
      const { code, values } = describeError(error);
      return { examples: [], problem: { code, values } };
    }
  }

  async #sample(row: number): Promise<Sample> {
    const sample = this.rowSample(await this.rows.value(row), row);
    if (sample) return sample;
    throw new Error(`row ${row} could be read before, but not again`);
  }

  /** The content as it is learnt: with placeholders filled, clean, and with the source's system message. */
  #prepared(sample: Sample, source: number): Sample {
    return this.#finished(this.#options.cleaner.clean(this.placeholders.fill(sample)).sample, source);
  }

  /** A clean sample with the source's system message. */
  #finished(sample: Sample, source: number): Sample {
    const system = this.#sources[source]?.options.default_system;
    return system === undefined ? sample : withSystem(sample, system);
  }

  /** Takes a record with its edit. Returns why it can't be used; undefined if it can be, or if it is left out. */
  async #take(given: DataRecord | RefusedRecord, source: number): Promise<Problem | undefined> {
    const { edits, added, options } = this.#sources[source]!;
    const edit = edits.get(given.record);
    const read = edit?.value === undefined ? given : readRecord(edit.value, placeOf(given), options);
    const own = Array.isArray(added) ? (added as readonly AddedRecord[])[given.record - 1] : undefined;
    const flags =
      (edit?.value === undefined ? 0 : bitOf('edited')) |
      (edit?.exclude ? bitOf('excluded') : 0) |
      ((edit?.evaluate ?? own?.evaluate) ? bitOf('heldOut') : 0) |
      (own ? bitOf('added') : 0) |
      (own?.origin === undefined ? 0 : bitOf('generated')) |
      (own?.proposed ? bitOf('proposed') : 0);
    if (own?.origin !== undefined) this.origins.set(this.rows.length, own.origin);
    const made =
      'sample' in read && !edit?.exclude && !own?.proposed ? await this.#make(read, source) : undefined;
    const problem = 'sample' in read ? made?.problem : read;
    const isRefused = problem !== undefined && !edit?.exclude;
    if (read.value === undefined) return isRefused ? problem : undefined;
    if (made?.examples) this.examples.add(this.rows.length, made.examples);
    const isDropped = made?.dropped ?? false;
    this.#flags.push(flags | (isRefused ? bitOf('refused') : 0) | (isDropped ? bitOf('dropped') : 0));
    this.#contents.push(made?.content ?? 0);
    await this.rows.append(read.value, { file: source, record: given.record, line: given.line });
    return isRefused ? problem : undefined;
  }

  /** Makes the examples of a record that becomes the next row, and counts them. */
  async #make(read: DataRecord, source: number): Promise<MadeExamples> {
    const { file, record, line, sample: given } = read;
    if (!isLearnt(given)) {
      if (given.kind === 'preference') this.counts.compared++;
      else this.counts.judged++;
      return {};
    }
    this.placeholders.count(given);
    const filled = this.placeholders.fill(given);
    const finish = (clean: Sample): Sample => this.#finished(clean, source);
    const sample = await this.cleaning.take(filled, { file, record }, finish);
    if (!sample) return { dropped: true };
    let made: SampleExamples;
    try {
      made = this.#examplesOf(sample);
    } catch (error) {
      if (!(error instanceof TunesmithError)) throw error;
      const { code, values } = describeError(error);
      return { problem: { file, record, line, code, reason: { code, values } } };
    }
    const { examples, endless } = made;
    this.cleaning.add(sample, this.rows.length);
    this.counts.truncated += examples.filter(({ whole }) => whole !== undefined).length;
    if (sample.kind === 'chat') this.counts.conversations++;
    if (endless) this.counts.endless++;
    return { examples, content: contentKey(sample) };
  }

  #examplesOf(sample: Sample): SampleExamples {
    return this.#options.examplesOf(sample);
  }
}

interface MadeExamples {
  readonly examples?: readonly TokenizedExample[];
  readonly content?: number;
  readonly problem?: Problem;
  /** Whether the cleaning drops the record. */
  readonly dropped?: true;
}

function* addedRecords(
  file: string,
  added: readonly AddedRecord[] | DataFault,
): Generator<DataRecord | RefusedRecord, void, void> {
  if (added instanceof DataFault) throw added;
  for (const [index, { value }] of added.entries()) yield readRecord(value, { file, record: index + 1 }, {});
}

function placeOf({ file, record, line }: RecordPlace): RecordPlace {
  return { file, record, line };
}

/** A conversation with a system message, which it gets if it has none. */
function withSystem(sample: Sample, system: string): Sample {
  if (sample.kind !== 'chat' || sample.messages.some(({ role }) => role === 'system')) return sample;
  return { ...sample, messages: [{ role: 'system', content: system }, ...sample.messages] };
}
