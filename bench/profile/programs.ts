import { DEFAULTS } from '../../src/core/settings/settings';
import type { Device } from '../../src/gpu/device';
import type { RunValues } from '../../src/gpu/run';
import type { Plan } from '../../src/graph/plan';
import type { DispatchProfile } from '../../src/graph/profile';
import type { Program } from '../../src/graph/program';
import { planGeneration } from '../../src/models/generation_graph';
import { optimizerPlan } from '../../src/models/optimizers';
import { planMicroBatch, planOptimizer } from '../../src/models/training_graph';
import { inputContents, randomBatch, weightContents, type SlotContent } from '../suite/contents';
import type { Filler } from '../suite/fill';
import { fit } from '../suite/fit';
import type { Layouts } from '../suite/models';
import { compilePlans } from '../suite/programs';

/** A program, its run values, and the phase that its dispatches belong to. */
export interface Part {
  readonly program: Program;
  readonly values: Partial<RunValues>;
  readonly phaseOf: (dispatch: DispatchProfile) => string;
}

export interface Parts {
  /** In the order in which they run. */
  readonly parts: readonly Part[];
  readonly destroy: () => void;
}

/** One optimizer step of one micro-batch: a single row of `tokens` made-up tokens. */
export async function trainingParts(
  device: Device,
  filler: Filler,
  { spec, model, adapter }: Layouts,
  options: { readonly tokens: number; readonly gradient_checkpointing: boolean },
): Promise<Parts> {
  const { limits } = device;
  const { tokens: capacity, gradient_checkpointing } = options;
  const batch = randomBatch(capacity, spec.vocabularySize);
  const settings = { ...DEFAULTS, gradient_checkpointing };
  const { state } = optimizerPlan(adapter, settings);
  const contents = new Map<string, SlotContent>([
    ...weightContents(model),
    ...inputContents(batch),
    // Zeros, as before the first step: random values would include negative squares.
    ...state.map(({ name }) => [name, Float32Array.of(0)] as const),
  ]);
  const plans = (): readonly Plan[] => [
    planMicroBatch(model, adapter, { capacity, limits, settings }),
    planOptimizer(adapter, { limits, settings }),
  ];
  await fit(device, () => plans().map((plan) => ({ plan })));
  const compiled = await compilePlans(device, filler, plans(), contents);
  const [microBatch, optimizer] = compiled.programs;
  return {
    parts: [
      {
        program: microBatch!,
        values: { rows: capacity, lossScale: 1 / batch.targetTokens },
        phaseOf: ({ backward }) => (backward ? 'backward' : 'forward'),
      },
      {
        program: optimizer!,
        values: { learningRate: 1e-4, biasCorrection1: 0.1, biasCorrection2: 0.001, maxGradNorm: 1 },
        phaseOf: () => 'optimizer',
      },
    ],
    destroy: () => compiled.destroy(),
  };
}

/** One token after `past` others, through the base with its adapter to the logits. */
export async function decodingParts(
  device: Device,
  filler: Filler,
  { model, adapter }: Layouts,
  { past }: { readonly past: number },
): Promise<Parts> {
  const request = { capacity: 1, cacheRows: past + 1, limits: device.limits, logits: 'last' as const };
  const plan = (): Plan => planGeneration(model, adapter, request).plan;
  const contents = new Map<string, SlotContent>([...weightContents(model), ['tokens', Uint32Array.of(1)]]);
  await fit(device, () => [{ plan: plan(), past }]);
  const compiled = await compilePlans(device, filler, [plan()], contents);
  const [program] = compiled.programs;
  return {
    parts: [{ program: program!, values: { rows: 1, past }, phaseOf: () => 'decoding' }],
    destroy: () => compiled.destroy(),
  };
}
