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
}

/**
 * The loss over all examples. Every term has the same weight, independent of the batches.
 *
 * @param goOn called before each batch with the fraction done, 0 to 1; false stops the evaluation
 * @returns undefined if it was stopped, or if no example has a target
 */
export async function evaluate(
  program: Pick<TrainingProgram, 'capacity' | 'evaluate'>,
  objective: Pick<Objective, 'pack' | 'terms' | 'perplexity'>,
  examples: ExampleList,
  goOn: (fraction: number) => Promise<boolean> = () => Promise.resolve(true),
): Promise<Evaluation | undefined> {
  let loss = 0;
  let terms = 0;
  let targetTokens = 0;
  const metrics: Record<string, number> = {};
  const rows = tokenCount(examples);
  let done = 0;
  for await (const batch of evaluationBatches(objective, examples, program.capacity)) {
    if (!(await goOn(done / rows))) return undefined;
    done += batch.rows;
    const sums = await program.evaluate(batch);
    loss += sums.loss;
    for (const [name, sum] of Object.entries(sums.metrics)) metrics[name] = (metrics[name] ?? 0) + sum;
    terms += objective.terms(batch);
    targetTokens += batch.targetTokens;
  }
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
