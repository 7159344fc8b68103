import { describeError, TunesmithError } from '../../core/errors';
import type { FileReader } from '../../core/file_reader';
import type { LosslessJson } from '../../core/lossless_json';
import type { TokenizedExample } from '../../data/batches';
import type { Cleaner } from '../../data/cleaning/cleaner';
import { CleaningPass } from '../../data/cleaning/cleaning';
import { contentKey } from '../../data/content_key';
import { DataFault } from '../../data/files/fault';
import { LazyExamples } from '../../data/lazy_examples';
import type { Fillings } from '../../data/placeholders';
import { Problems, type ProblemGroup } from '../../data/problems';
import { isLearnt, isWeighted } from '../../data/messages';
import { readEntry, readRecord, type DataRecord, type Problem, type Sample } from '../../data/records';
import { UNRECOGNISED, type Mapping } from '../../data/shapes';
import type { SampleExamples } from '../../models/objectives/objective';
import { addedIn, type DataSource } from './data_source';
import { FormerRows, keptRow, type FormerReading, type FormerRow } from './former_rows';
import { FoundPlaceholders } from './found_placeholders';
import type { ParsedFiles, ParsedRecord } from './parsed_files';
import { factsAbout, recordsIn, type ReadCounts, type ReadFacts } from './read_facts';
import { RowContents, type MadeOfValue } from './row_contents';
import { bitOf, hasFlag } from './row_flags';
import { CONVERSATION, ENDLESS, marksOf, REMADE, stepsIn } from './row_marks';
import { Rows, type RowFacts } from './rows';

/** The settings of reading. */
export interface ReadingOptions {
  /** Makes the examples of a sample. Throws a TunesmithError if it can't be used. */
  readonly examplesOf: (sample: Sample) => SampleExamples;
  readonly cleaner: Cleaner;
  /** Texts for placeholders. */
  readonly fillings: Fillings;
  /** The records of the files. */
  readonly parsed: ParsedFiles;
}

/** Reads files into rows and examples. Every record that can be parsed is a row; those that can be learnt have examples. */
export class Reading implements FormerReading {
  readonly sources: readonly DataSource[];
  readonly rows: Rows;
  readonly examples: LazyExamples;
  readonly placeholders: FoundPlaceholders;
  /** A list for each file. */
  readonly problems: (readonly ProblemGroup[])[] = [];
  /** Found out about each file. */
  readonly facts: ReadFacts[] = [];
  /** Indices of the files that have examples. */
  readonly used = new Set<number>();
  readonly counts: ReadCounts = {
    truncated: 0,
    conversations: 0,
    endless: 0,
    compared: 0,
    judged: 0,
    weighted: 0,
  };
  readonly cleaning: CleaningPass;
  /** The origins of the rows that no person wrote. */
  readonly origins = new Map<number, string>();
  readonly #contents: RowContents;
  /** The first row and the first example of each file. */
  readonly #firsts: { readonly row: number; readonly example: number }[] = [];
  readonly #options: ReadingOptions;
  #former: FormerReading | undefined;

  /** @param former a finished reading that makes the same of each row: rows that it has too are taken over */
  constructor(sources: readonly DataSource[], options: ReadingOptions, former?: FormerReading) {
    this.sources = sources;
    this.#options = options;
    this.#former = former;
    this.rows = new Rows(sources, options.parsed);
    this.placeholders = new FoundPlaceholders(options.fillings);
    this.#contents = new RowContents(sources, this.placeholders, options);
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
   * @param reader of the same bytes
   */
  async read(source: number, beforeRecord: () => Promise<void>, reader?: FileReader): Promise<void> {
    const given = this.sources[source]!;
    const { parsed } = this.#options;
    const before = {
      row: this.rows.length,
      example: this.examples.length,
      counts: { ...this.counts },
      cleaning: this.cleaning.report,
    };
    this.#firsts.push({ row: before.row, example: before.example });
    const former = FormerRows.of(this.#former, given);
    const problems = new Problems();
    let records = 0;
    let unrecognised = 0;
    try {
      for await (const each of recordsIn(given, parsed, reader)) {
        records++;
        await beforeRecord();
        const known = former?.next(each.record);
        if (known && this.#takeOver(known, source, each.record)) continue;
        const problem = await this.#take(each, source, known);
        if (problem) problems.add(problem);
        if (problem?.code === UNRECOGNISED) unrecognised++;
      }
      if (this.examples.length > before.example) this.used.add(source);
      this.problems.push(problems.groups);
    } catch (fault) {
      if (!(fault instanceof DataFault)) throw fault;
      this.rows.truncate(before.row);
      this.examples.truncate(before.example);
      Object.assign(this.counts, before.counts);
      this.cleaning.restore(before.cleaning, before.row);
      const { code, reason, line, column } = fault;
      const whole = new Problems();
      whole.add({ file: given.file.name, code, reason, line, column });
      this.problems.push(whole.groups);
    }
    const examples = this.examples.length - before.example;
    this.facts.push(factsAbout(given, parsed, { records, examples, unrecognised }));
  }

  /** Lets the former reading go, once all files are read. */
  finish(): this {
    this.#former = undefined;
    return this;
  }

  range(source: number): ReturnType<FormerReading['range']> {
    const { row, example } = this.#firsts[source]!;
    return { rows: [row, this.#firsts[source + 1]?.row ?? this.rows.length], example };
  }

  /** Index of the source that an example comes from. */
  readonly sourceOf = (example: number): number => this.rows.place(this.examples.row(example)).file;

  /** A number that is equal for examples of rows with the same content. */
  readonly contentOf = (example: number): number => this.rows.content(this.examples.row(example));

  /** Whether the person holds an example's row out for evaluation. */
  readonly isHeldOut = (example: number): boolean =>
    hasFlag(this.rows.flags(this.examples.row(example)), 'heldOut');

  /** Whether a program or a model wrote an example's row. */
  readonly isGenerated = (example: number): boolean => this.origins.has(this.examples.row(example));

  /** The content of an example's row, as it is learnt. */
  async sampleOf(example: number): Promise<Sample> {
    return await this.#sample(this.examples.row(example));
  }

  /** The content of a row's value, as it is learnt; undefined if it can't be used. */
  rowSample(value: LosslessJson, row: number): Sample | undefined {
    return this.#contents.sample(value, this.rows.place(row).file);
  }

  /** The content of a row's value. A row that the person or the cleaning left out has no examples. */
  made(value: LosslessJson, row: number): MadeOfValue {
    const made = this.#contents.made(value, this.rows.place(row).file);
    const flags = this.rows.flags(row);
    const isLeftOut = hasFlag(flags, 'excluded') || hasFlag(flags, 'dropped');
    return isLeftOut ? { ...made, examples: [] } : made;
  }

  /** The content that a row's value would have with other names of columns. */
  tried(value: LosslessJson, row: number, mapping: Mapping): MadeOfValue {
    return this.#contents.made(value, this.rows.place(row).file, mapping);
  }

  async #sample(row: number): Promise<Sample> {
    const sample = this.rowSample(await this.rows.value(row), row);
    if (sample) return sample;
    throw new Error(`row ${row} could be read before, but not again`);
  }

  /**
   * Takes a row over from a former reading, without a look at its content. Returns whether that goes: not if the row adds
   * something to the reports.
   */
  #takeOver(known: FormerRow, source: number, record: number): boolean {
    const { reading, row } = known;
    const { rows } = reading;
    const [flags, marks, content] = [rows.flags(row), rows.marks(row), rows.content(row)];
    if (hasFlag(flags, 'refused') || hasFlag(flags, 'dropped') || (marks & REMADE) !== 0) return false;
    const isJudged = hasFlag(flags, 'compared') || hasFlag(flags, 'judged');
    if (!isJudged && !hasFlag(flags, 'excluded') && !hasFlag(flags, 'proposed')) {
      const cleaned = { pass: reading.cleaning, row, content, changedBy: stepsIn(marks) };
      if (!this.cleaning.takeAgain(this.rows.length, cleaned)) return false;
      this.placeholders.countNone();
    }
    this.#push({ file: source, record, flags, marks, content });
    this.#addAgain(known);
    return true;
  }

  /** Appends a row, and counts it. */
  #push(row: RowFacts): void {
    const { file, record, flags, marks } = row;
    const origin = addedIn(this.sources[file]!)?.[record - 1]?.origin;
    if (origin !== undefined) this.origins.set(this.rows.length, origin);
    this.rows.push(row);
    if ((marks & CONVERSATION) !== 0) this.counts.conversations++;
    if ((marks & ENDLESS) !== 0) this.counts.endless++;
    if (hasFlag(flags, 'compared')) this.counts.compared++;
    if (hasFlag(flags, 'judged')) this.counts.judged++;
    if (hasFlag(flags, 'weighted')) this.counts.weighted++;
  }

  /** Takes a record with its edit. Returns why it can't be used; undefined if it can be, or if it is left out. */
  async #take(
    { record, entry }: ParsedRecord,
    source: number,
    known: FormerRow | undefined,
  ): Promise<Problem | undefined> {
    const given = this.sources[source]!;
    const own = addedIn(given)?.[record - 1];
    const edit = given.edits.get(record);
    const place = { file: given.file.name, record };
    const original = readEntry(await entry(), place, own ? {} : given.options);
    const read =
      edit?.value === undefined
        ? original
        : readRecord(edit.value, { ...place, line: original.line }, given.options);
    const isLeftOut = edit?.exclude === true;
    const isMade = 'sample' in read && !isLeftOut && !own?.proposed;
    const made: MadeRow = isMade ? await this.#make(read, source, known) : {};
    const problem = isLeftOut ? undefined : 'sample' in read ? made.problem : read;
    if (read.value === undefined) return problem;
    const flags =
      (edit?.value === undefined ? 0 : bitOf('edited')) |
      (isLeftOut ? bitOf('excluded') : 0) |
      ((edit?.evaluate ?? own?.evaluate) ? bitOf('heldOut') : 0) |
      (own ? bitOf('added') : 0) |
      (own?.origin === undefined ? 0 : bitOf('generated')) |
      (own?.proposed ? bitOf('proposed') : 0) |
      (problem ? bitOf('refused') : 0) |
      (made.flag ? bitOf(made.flag) : 0) |
      (made.isWeighted ? bitOf('weighted') : 0);
    this.#push({ file: source, record, flags, marks: made.marks ?? 0, content: made.content ?? 0 });
    if (made.known) this.#addAgain(made.known);
    else this.#add(made.examples ?? []);
    return problem;
  }

  /** Makes the examples of a record that becomes the next row. */
  async #make(read: DataRecord, source: number, known: FormerRow | undefined): Promise<MadeRow> {
    const { file, record, line, sample: given } = read;
    if (!isLearnt(given)) return { flag: given.kind === 'preference' ? 'compared' : 'judged' };
    const placeholders = this.placeholders.count(given);
    const filled = this.placeholders.fill(given);
    const finish = (clean: Sample): Sample => this.#contents.finished(clean, source);
    const taken = await this.cleaning.take(filled, { file, record }, finish);
    if (!taken) return { flag: 'dropped' };
    const { sample, changedBy } = taken;
    const former = known && keptRow(known);
    let made: Pick<MadeRow, 'known' | 'examples'> & { readonly endless: boolean };
    try {
      made = former ? { known, endless: former.isEndless } : this.#examplesOf(sample);
    } catch (error) {
      if (!(error instanceof TunesmithError)) throw error;
      const { code, values } = describeError(error);
      return { problem: { file, record, line, code, reason: { code, values } } };
    }
    this.cleaning.add(sample, this.rows.length);
    const marks = marksOf({
      isConversation: sample.kind === 'chat',
      isEndless: made.endless,
      isRemade: placeholders > 0,
      changedBy,
      questions: sample.kind === 'chat' ? sample.messages.filter(({ role }) => role === 'user').length : 0,
    });
    return { ...made, isWeighted: isWeighted(sample), marks, content: former?.content ?? contentKey(sample) };
  }

  /** Gives the newest row its examples. */
  #add(examples: readonly TokenizedExample[]): void {
    this.examples.add(this.rows.length - 1, examples);
    this.#countCut(examples.length);
  }

  /** Gives the newest row the examples that it had in a former reading. */
  #addAgain({ reading, first, end }: FormerRow): void {
    this.examples.addAgain(this.rows.length - 1, reading.examples, first, end);
    this.#countCut(end - first);
  }

  /** Counts those of the last few examples that are cut. */
  #countCut(few: number): void {
    const { length } = this.examples;
    for (let index = length - few; index < length; index++) {
      if (this.examples.whole(index) !== undefined) this.counts.truncated++;
    }
  }

  #examplesOf(sample: Sample): SampleExamples {
    return this.#options.examplesOf(sample);
  }
}

/** A record as a row. */
interface MadeRow extends Partial<Pick<RowFacts, 'marks' | 'content'>> {
  readonly examples?: readonly TokenizedExample[];
  /** A former row with the same examples, instead of them. */
  readonly known?: FormerRow | undefined;
  readonly problem?: Problem;
  readonly isWeighted?: boolean;
  /** Why it has no examples. */
  readonly flag?: 'compared' | 'judged' | 'dropped';
}
