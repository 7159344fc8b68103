import type { LoadSettings } from '../../src/core/settings/settings';
import { DEFAULTS } from '../../src/core/settings/settings';
import type { Device } from '../../src/gpu/device';
import type { RunValues } from '../../src/gpu/run';
import { plan } from '../../src/graph/plan';
import { Trace } from '../../src/graph/trace';
import { modelLayout } from '../../src/models/layout';
import { planMicroBatch } from '../../src/models/training_graph';
import { inputContents, randomBatch, weightContents } from './contents';
import type { Filler } from './fill';
import { layoutsOf, type ModelName } from './models';
import { compileFitted, type Programs } from './programs';

/**
 * One block with its adapters (forward and backward, or with the forward pass recomputed in between), or all except the
 * blocks.
 */
export type StepPart = 'block' | 'block computed again' | 'outside the blocks';

export interface PartRequest {
  readonly model: ModelName;
  readonly tokens: number;
  readonly load: LoadSettings;
  readonly part: StepPart;
}

/** A part of a model's training step as a program of its own. */
export async function stepPart(
  device: Device,
  filler: Filler,
  { model, tokens, load, part }: PartRequest,
): Promise<Programs & { readonly run: Partial<RunValues> }> {
  const { limits } = device;
  // A block in the middle: the first needs no gradient of its input, and the last is not recomputed.
  const { spec, adapter } = layoutsOf(model, limits.maxStorageBufferBindingSize, 3);
  const layout = modelLayout(spec, () => 'bf16', load, limits.maxStorageBufferBindingSize);
  const request = {
    capacity: tokens,
    limits,
    settings: { ...DEFAULTS, gradient_checkpointing: part !== 'block' },
  };
  const origins = new Set(planMicroBatch(layout, adapter, request).origins);
  const wanted = part === 'outside the blocks' ? undefined : 1;
  const nodes = [...origins].filter(({ block }) => block === wanted);
  const contents = new Map([
    ...weightContents(layout),
    ...inputContents(randomBatch(tokens, spec.vocabularySize)),
  ]);
  const compiled = await compileFitted(device, filler, () => plan(new Trace(), nodes, request), contents);
  return { ...compiled, run: { rows: tokens, lossScale: 1 / tokens } };
}
