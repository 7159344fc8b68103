import type { CleaningStep } from '../../core/settings/cleaning';
import type { Sample } from '../messages';
import type { Cleaner } from './cleaner';
import { excerpt, excerpts } from './excerpts';
import type { CleaningExample, CleaningPlace, CleaningReport, StepReport } from './report';
import { textsOf } from './sample_texts';

/** Examples of each step in the report. */
const EXAMPLES = 5;

/** The rows that are kept. */
export interface KeptRows {
  /** The content of a row as it is learnt. */
  sample(row: number): Promise<Sample>;
  place(row: number): CleaningPlace;
}

/** A row that is kept. */
export interface TakenSample {
  /** Its content as it is learnt. */
  readonly sample: Sample;
  /** The steps that changed it. */
  readonly changedBy: readonly CleaningStep[];
}

interface GrowingReport extends StepReport {
  changed: number;
  dropped: number;
  readonly examples: CleaningExample[];
}

/** Decides about rows as they are read, and reports it. */
export class CleaningPass {
  readonly #cleaner: Cleaner;
  readonly #kept: KeptRows;
  #rows = 0;
  #changed = 0;
  #steps: ReadonlyMap<CleaningStep, GrowingReport>;

  constructor(cleaner: Cleaner, kept: KeptRows) {
    this.#cleaner = cleaner;
    this.#kept = kept;
    this.#steps = new Map(
      cleaner.steps.map((step) => [step, { step, changed: 0, dropped: 0, examples: [] }]),
    );
  }

  /** Undefined if no step is on. */
  get report(): CleaningReport | undefined {
    if (this.#steps.size === 0) return undefined;
    const steps = structuredClone([...this.#steps.values()]);
    const dropped = steps.reduce((sum, step) => sum + step.dropped, 0);
    return { rows: this.#rows, kept: this.#rows - dropped, changed: this.#changed, steps };
  }

  /**
   * A row as it is learnt; undefined if it is dropped.
   *
   * @param finish what happens to the content between its cleaning and its comparison with earlier rows
   */
  async take(
    given: Sample,
    place: CleaningPlace,
    finish: (sample: Sample) => Sample,
  ): Promise<TakenSample | undefined> {
    if (this.#steps.size === 0) return { sample: finish(given), changedBy: [] };
    this.#rows++;
    const { sample, changes, droppedBy } = this.#cleaner.clean(given);
    if (droppedBy !== undefined) {
      this.#drop(droppedBy, { ...place, before: shown(sample) });
      return undefined;
    }
    const finished = finish(sample);
    for (const comparing of this.#cleaner.rows) {
      const row = await comparing.earlier(finished, (each) => this.#kept.sample(each));
      if (row === undefined) continue;
      this.#drop(comparing.step, { ...place, before: shown(sample), like: this.#kept.place(row) });
      return undefined;
    }
    if (changes.length > 0) this.#changed++;
    for (const { step, before, after } of changes) {
      const report = this.#of(step);
      report.changed++;
      if (report.examples.length < EXAMPLES) report.examples.push({ ...place, ...excerpts(before, after) });
    }
    return { sample: finished, changedBy: changes.map(({ step }) => step) };
  }

  /**
   * Counts a row that a former pass with the same steps kept, if it is certainly kept again.
   *
   * @param known its number and its content key in the former pass, and the steps that changed it
   * @returns false, and counts nothing, if `take` has to look at its content
   */
  takeAgain(
    row: number,
    known: Omit<TakenSample, 'sample'> & {
      readonly pass: CleaningPass;
      readonly row: number;
      readonly content: number;
    },
  ): boolean {
    if (this.#steps.size === 0) return true;
    const { pass, changedBy, content } = known;
    if (changedBy.some((step) => this.#of(step).examples.length < EXAMPLES)) return false;
    const comparing = this.#cleaner.rows.map((step, index) => {
      const numbers = pass.#cleaner.rows[index]?.numbers(known.row);
      return { step, of: { content, numbers } };
    });
    if (!comparing.every(({ step, of }) => step.isNew(of))) return false;
    for (const { step, of } of comparing) step.addKnown(of, row);
    if (changedBy.length > 0) this.#changed++;
    for (const step of changedBy) this.#of(step).changed++;
    this.#rows++;
    return true;
  }

  /** Remembers a row that is kept, for the steps that compare. */
  add(sample: Sample, row: number): void {
    for (const step of this.#cleaner.rows) step.add(sample, row);
  }

  /** Forgets the rows from number `rows` on, and what happened since an earlier report. */
  restore(report: CleaningReport | undefined, rows: number): void {
    if (!report) return;
    this.#rows = report.rows;
    this.#changed = report.changed;
    this.#steps = new Map(report.steps.map((each) => [each.step, { ...each, examples: [...each.examples] }]));
    for (const step of this.#cleaner.rows) step.truncate(rows);
  }

  #drop(step: CleaningStep, example: CleaningExample): void {
    const report = this.#of(step);
    report.dropped++;
    if (report.examples.length < EXAMPLES) report.examples.push(example);
  }

  #of(step: CleaningStep): GrowingReport {
    return this.#steps.get(step)!;
  }
}

/** The last text of a row, which is its answer. */
function shown(sample: Sample): string {
  return excerpt(textsOf(sample).at(-1) ?? '');
}
