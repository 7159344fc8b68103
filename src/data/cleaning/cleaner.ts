import { cleaningSteps, type Cleaning, type CleaningStep } from '../../core/settings/cleaning';
import type { Sample } from '../messages';
import { textsOf, withCleanTexts } from './sample_texts';
import type { RowsStep, SampleStep, TextStep } from './step';
import { workOf } from './steps';

/** The effect of a step on a row: the first of its texts that it changed. */
export interface Change {
  readonly step: CleaningStep;
  readonly before: string;
  readonly after: string;
}

/** A row after the steps that look at each row alone. */
export interface Cleaned {
  /** The same object as before if no step changed it. */
  readonly sample: Sample;
  readonly changes: readonly Change[];
  /** The step that drops the row. */
  readonly droppedBy?: CleaningStep;
}

type Named<Work> = Work & { readonly step: CleaningStep };

/** The steps of cleaning. It has no state apart from the memory of its steps over all rows. */
export class Cleaner {
  readonly #texts: readonly Named<TextStep>[];
  readonly #samples: readonly Named<SampleStep>[];
  /** The steps that compare rows, in their order. */
  readonly rows: readonly Named<RowsStep>[];
  /** The steps that are on, in their order. */
  readonly steps: readonly CleaningStep[];

  private constructor(work: Awaited<ReturnType<typeof workOf>>) {
    const named = work.map(({ step, work }) => ({ ...work, step }));
    this.steps = work.map(({ step }) => step);
    this.#texts = named.filter((each): each is Named<TextStep> => each.over === 'texts');
    this.#samples = named.filter((each): each is Named<SampleStep> => each.over === 'sample');
    this.rows = named.filter((each): each is Named<RowsStep> => each.over === 'rows');
  }

  /** Loads what the steps need. */
  static async of(cleaning: Cleaning): Promise<Cleaner> {
    return new Cleaner(await workOf(cleaningSteps(cleaning)));
  }

  /**
   * Changes the texts until no step has anything to change, then looks for a step that drops the row. So a second
   * cleaning changes nothing. It ends: no step makes a text longer, except by marks in which no step finds anything, and
   * by NFC, which a text is in once.
   */
  clean(sample: Sample): Cleaned {
    const changes = new Map<CleaningStep, Change>();
    let cleaned = sample;
    for (let before: Sample | undefined; before !== cleaned;) {
      before = cleaned;
      for (const { step, change, inCalls } of this.#texts) {
        const next = withCleanTexts(cleaned, change, inCalls);
        if (next === cleaned) continue;
        if (!changes.has(step)) changes.set(step, { step, ...difference(cleaned, next) });
        if (isEmptied(cleaned, next)) return { sample: cleaned, changes: [], droppedBy: step };
        cleaned = next;
      }
    }
    const texts = this.#texts.some(({ isDropped }) => isDropped) ? textsOf(cleaned) : [];
    const dropping =
      this.#texts.find(({ isDropped }) => isDropped && texts.some(isDropped)) ??
      this.#samples.find((each) => each.isDropped(cleaned));
    if (dropping) return { sample: cleaned, changes: [], droppedBy: dropping.step };
    return { sample: cleaned, changes: [...changes.values()] };
  }
}

/** The first text in which two samples differ. */
function difference(one: Sample, other: Sample): { readonly before: string; readonly after: string } {
  const after = textsOf(other);
  // An Alpaca question may have lost one of its two parts.
  const at = textsOf(one).findIndex((text, index) => text !== after[index]);
  return { before: textsOf(one)[at] ?? '', after: after[at] ?? '' };
}

/** Whether a change left nothing of a text, a question or an answer. */
function isEmptied(before: Sample, after: Sample): boolean {
  if (before.kind === 'text') return after.kind === 'text' && isBlank(after.text) && !isBlank(before.text);
  const { messages } = before;
  return (
    after.kind === 'chat' &&
    after.messages.some(
      ({ role, content }, at) =>
        (role === 'user' || role === 'assistant') &&
        isBlank(content) &&
        !isBlank(messages[at]?.content ?? ''),
    )
  );
}

function isBlank(text: string): boolean {
  return text.trim() === '';
}
