import type { TokenizedExample } from '../data/batches';
import type { TrainingProgram } from '../models/training_program';
import { evaluationBatches } from './plan';

export interface Evaluation {
  /** Mean over all target tokens of all examples. */
  readonly loss: number;
  /** exp(loss) */
  readonly perplexity: number;
  readonly targetTokens: number;
}

/**
 * The loss over all examples, each target token counting the same however the examples are batched.
 *
 * @param goOn asked before each batch; where it resolves to false the evaluation is given up
 * @returns undefined where it was given up, or where no example has a target
 */
export async function evaluate(
  program: Pick<TrainingProgram, 'capacity' | 'evaluate'>,
  examples: readonly TokenizedExample[],
  goOn: () => Promise<boolean> = () => Promise.resolve(true),
): Promise<Evaluation | undefined> {
  let sum = 0;
  let targetTokens = 0;
  for (const batch of evaluationBatches(examples, program.capacity)) {
    if (!(await goOn())) return undefined;
    sum += await program.evaluate(batch);
    targetTokens += batch.targetTokens;
  }
  if (targetTokens === 0) return undefined;
  const loss = sum / targetTokens;
  return { loss, perplexity: perplexityOf(loss), targetTokens };
}

/** exp(loss), kept finite: JSON, in which it is reported and stored, has no infinity. */
export function perplexityOf(loss: number): number {
  return Math.min(Math.exp(loss), Number.MAX_VALUE);
}
