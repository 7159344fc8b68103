import type { Lowering } from '../scope';
import { add } from './add';
import { attention } from './attention';
import { embedding } from './embedding';
import { fusedGatedActivation, gatedActivation } from './gated_activation';
import { headLogits } from './head_logits';
import { linear } from './linear';
import { magnitude } from './magnitude';
import { addRmsNorm, rmsNorm } from './rms_norm';
import { rotary } from './rotary';
import { shortConvolution } from './short_convolution';

const all: readonly Lowering[] = [
  embedding,
  rmsNorm,
  addRmsNorm,
  linear,
  magnitude,
  rotary,
  attention,
  shortConvolution,
  gatedActivation,
  fusedGatedActivation,
  add,
  headLogits,
];

/** The ops of a forward pass that a graph can express, by their names. */
export const LOWERINGS: ReadonlyMap<string, Lowering> = new Map(all.map((each) => [each.op, each]));
