import { TunesmithError } from '../core/errors';
import type { Message } from '../core/messages/message';
import { tokenCount, type ExampleList } from '../data/example_list';
import type { Means, Objective } from '../models/objectives/objective';
import type { TrainingProgram } from '../models/training_program';
import { evaluationBatches } from './plan';

export interface Evaluation extends Means {
  /** exp of the mean negative log-likelihood, if the objective has one. */
  readonly perplexity: number | undefined;
  readonly targetTokens: number;
  /** The loss of each source with a target, if sources were told. */
  readonly losses?: Readonly<Record<string, number>>;
}

/** Examples of one source. */
export interface NamedExamples {
  readonly name: string;
  readonly examples: ExampleList;
}

type EvaluationProgram = Pick<TrainingProgram, 'capacity' | 'evaluate'>;
type EvaluationObjective = Pick<Objective, 'pack' | 'terms' | 'perplexity'>;
/** Called before each batch with the fraction done, 0 to 1; false stops the evaluation. */
type GoOn = (fraction: number) => Promise<boolean>;

const always: GoOn = () => Promise.resolve(true);

/**
 * The loss over all examples. Every term has the same weight, independent of the batches.
 *
 * @returns undefined if it was stopped, or if no example has a target
 */
export async function evaluate(
  program: EvaluationProgram,
  objective: EvaluationObjective,
  examples: ExampleList,
  goOn: GoOn = always,
): Promise<Evaluation | undefined> {
  const sums = await sumsOf(program, objective, examples, goOn);
  return sums && meansOf(sums, objective);
}

/**
 * The loss over the examples of all sources, and over those of each. Every term has the same weight, independent of its
 * source.
 *
 * @returns undefined as `evaluate`
 */
export async function evaluateSources(
  program: EvaluationProgram,
  objective: EvaluationObjective,
  sources: readonly NamedExamples[],
  goOn: GoOn = always,
): Promise<Evaluation | undefined> {
  const rows = sources.reduce((sum, { examples }) => sum + tokenCount(examples), 0);
  const all: Sums = noSums();
  const losses: [string, number][] = [];
  let done = 0;
  for (const { name, examples } of sources) {
    const own = tokenCount(examples);
    const before = done / rows;
    const sums = await sumsOf(program, objective, examples, (fraction) =>
      goOn(before + (fraction * own) / rows),
    );
    if (!sums) return undefined;
    done += own;
    add(all, sums);
    if (sums.terms > 0) losses.push([name, sums.loss / sums.terms]);
  }
  const means = meansOf(all, objective);
  return means && { ...means, losses: Object.fromEntries(losses) };
}

interface Sums {
  loss: number;
  terms: number;
  targetTokens: number;
  readonly metrics: Record<string, number>;
}

function noSums(): Sums {
  return { loss: 0, terms: 0, targetTokens: 0, metrics: {} };
}

function add(all: Sums, { loss, terms, targetTokens, metrics }: Sums): void {
  all.loss += loss;
  all.terms += terms;
  all.targetTokens += targetTokens;
  for (const [name, sum] of Object.entries(metrics)) all.metrics[name] = (all.metrics[name] ?? 0) + sum;
}

async function sumsOf(
  program: EvaluationProgram,
  objective: EvaluationObjective,
  examples: ExampleList,
  goOn: GoOn,
): Promise<Sums | undefined> {
  const all = noSums();
  const rows = tokenCount(examples);
  let done = 0;
  for await (const batch of evaluationBatches(objective, examples, program.capacity)) {
    if (!(await goOn(done / rows))) return undefined;
    done += batch.rows;
    const { loss, metrics } = await program.evaluate(batch);
    add(all, {
      loss,
      metrics: { ...metrics },
      terms: objective.terms(batch),
      targetTokens: batch.targetTokens,
    });
  }
  return all;
}

function meansOf(
  { loss, terms, targetTokens, metrics }: Sums,
  objective: EvaluationObjective,
): Evaluation | undefined {
  if (terms === 0) return undefined;
  const means: Means = { loss: loss / terms, metrics: divided(metrics, terms) };
  const perplexity = objective.perplexity(means);
  return { ...means, perplexity: perplexity === undefined ? undefined : finite(perplexity), targetTokens };
}

/** The error for a loss that is not finite although no step of this run has changed the weights. */
export function lossNotFinite(found: Message): TunesmithError {
  return new TunesmithError({ code: 'loss_not_finite', values: { found } });
}

/** Turns sums into means. */
export function divided(sums: Means['metrics'], count: number): Means['metrics'] {
  return Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, sum / count]));
}

/** Limits a value to the largest number, because the JSON of reports and storage has no infinity. */
function finite(value: number): number {
  return Math.min(value, Number.MAX_VALUE);
}
