import { defineOp, f32, read, spread, write, type Builder, type Lowering, type Tensor } from './op';

export interface DpoLossInputs {
  /**
   * u32 [rows, 2]: at a pair's first row, which is that of its chosen text, the first row of its rejected text and the row
   * after its last; 0 and 0 at the other rows. Every row belongs to one pair.
   */
  readonly pairs: Tensor;
  /** f32 [rows]: of each row's target by the model; 0 if the row has none. */
  readonly logProbs: Tensor;
  /** The same by the reference model; no gradient reaches it. */
  readonly reference: Tensor;
}

/** f32 [rows] each: a pair's values stand at its first row, and all else is 0. */
export interface DpoLossOutputs extends Record<string, Tensor> {
  readonly losses: Tensor;
  /** beta · Σ (log-probability - the reference's) of the chosen text, and of the rejected one. */
  readonly chosen: Tensor;
  readonly rejected: Tensor;
  /** 1 if the chosen text's reward is the greater one. */
  readonly accuracies: Tensor;
  /** The chosen text's reward less the rejected one's. */
  readonly margins: Tensor;
}

type Inputs = { readonly [Name in keyof DpoLossInputs]: Tensor };

interface Attributes {
  readonly beta: number;
}

const definition = defineOp<Inputs, DpoLossOutputs, Attributes>({
  name: 'dpo_loss',
  loss: true,
  lower({ inputs: { pairs, logProbs, reference }, outputs, attributes: { beta } }, lowering) {
    const { losses, chosen, rejected, accuracies, margins } = outputs;
    return [
      {
        kernel: 'dpo_loss',
        overrides: { beta, threads: threadsOf(lowering) },
        bindings: [
          ...[pairs, logProbs, reference].map(read),
          ...[losses, chosen, rejected, accuracies, margins].map(write),
        ],
        workgroups: (rows) => spread(rows, lowering.limits.maxComputeWorkgroupsPerDimension),
      },
    ];
  },
  gradient({ inputs: { pairs, logProbs }, outputs: { margins }, attributes }, tape) {
    if (!tape.needsGradient(logProbs)) return;
    const { gradient } = tape.apply(
      gradientDefinition,
      { pairs, margins },
      { gradient: f32('rows') },
      attributes,
    );
    tape.addGradient(logProbs, gradient);
  },
});

const gradientDefinition = defineOp<{ pairs: Tensor; margins: Tensor }, { gradient: Tensor }, Attributes>({
  name: 'dpo_loss_gradient',
  lower({ inputs: { pairs, margins }, outputs: { gradient }, attributes: { beta } }, lowering) {
    return [
      {
        kernel: 'dpo_loss_gradient',
        overrides: { beta, threads: threadsOf(lowering) },
        bindings: [read(pairs), read(margins), write(gradient)],
        workgroups: (rows) => spread(rows, lowering.limits.maxComputeWorkgroupsPerDimension),
      },
    ];
  },
});

function threadsOf({ limits }: Lowering): number {
  return limits.software ? 16 : 64;
}

/**
 * The loss of direct preference optimisation (Rafailov et al. 2023, arXiv 2305.18290, equation 7; TRL's `sigmoid`):
 * -log σ(beta · (Σ over the chosen text of log p - log p_reference, less the same over the rejected text)) of each pair.
 */
export function dpoLoss(
  builder: Builder,
  { pairs, logProbs, reference }: DpoLossInputs,
  { beta }: Attributes,
): DpoLossOutputs {
  const row = f32('rows');
  return builder.apply(
    definition,
    { pairs, logProbs, reference },
    { losses: row, chosen: row, rejected: row, accuracies: row, margins: row },
    { beta },
  );
}
