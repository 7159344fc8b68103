import { packMicroBatch, textsOf, type TokenizedExample } from '../../src/data/batches';
import type { Objective } from '../../src/models/objectives/objective';
import { dpoLoss } from '../../src/ops/dpo_loss';
import { headLogProbs } from '../../src/ops/head_cross_entropy';
import { u32 } from '../../src/ops/op';

/** A prompt with its chosen answer, then with its rejected one. The answers are what is compared. */
export function pairOf(
  prompt: readonly number[],
  chosen: readonly number[],
  rejected: readonly number[],
): TokenizedExample {
  const trained = [chosen, rejected].flatMap((answer) => [...prompt.map(() => 0), ...answer.map(() => 1)]);
  return {
    ids: Uint32Array.of(...prompt, ...chosen, ...prompt, ...rejected),
    trained: Uint8Array.from(trained),
    starts: [prompt.length + chosen.length],
  };
}

/** Direct preference optimisation with the sigmoid loss, under the names of TRL's `DPOTrainer`. */
export function dpo(beta: number): Omit<Objective, 'examples'> {
  return {
    inPieces: false,
    texts: 2,
    pack(examples) {
      const batch = packMicroBatch(examples);
      const pairs = new Uint32Array(2 * batch.rows);
      let first = 0;
      for (const example of examples) {
        const [, rejected] = textsOf(example);
        if (!rejected) throw new Error('an example has no second text');
        pairs.set(
          rejected.map((token) => first + token),
          2 * first,
        );
        first += example.ids.length;
      }
      return { ...batch, more: { pairs } };
    },
    // One in each pair.
    terms: ({ more }) =>
      (more?.['pairs'] ?? []).filter((value, index) => index % 2 === 1 && value > 0).length,
    slots: [
      { name: 'targets', ...u32('rows') },
      { name: 'pairs', ...u32('rows', 2) },
    ],
    metrics: () => ['rewards/chosen', 'rewards/rejected', 'rewards/accuracies', 'rewards/margins'],
    loss(builder, { hidden, referenceHidden, head, slot }) {
      const logProbsOf = (states: typeof hidden) =>
        headLogProbs(builder, { hidden: states(), head, targets: slot('targets') });
      const reference = logProbsOf(referenceHidden);
      const logProbs = logProbsOf(hidden);
      const outputs = dpoLoss(builder, { pairs: slot('pairs'), logProbs, reference }, { beta });
      const { losses, chosen, rejected, accuracies, margins } = outputs;
      return { losses, metrics: [chosen, rejected, accuracies, margins] };
    },
    perplexity: () => undefined,
  };
}
