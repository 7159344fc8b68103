import { uniform } from '../../src/core/random';
import type { Batch } from '../../src/data/batches';
import type { ModelLayout } from '../../src/models/layout';
import { METRICS } from '../../src/models/training_graph';
import type { Content } from './fill';

/** The contents of a bound slot: generated on the device, or written. */
export type SlotContent = Content | Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

/** One sequence of random tokens; each but the last has a target. */
export function randomBatch(rows: number, vocabulary: number): Batch {
  const tokens = Uint32Array.from({ length: rows }, (_, i) => Math.floor(uniform(0, 1, i) * vocabulary));
  const targets = Uint32Array.from({ length: rows }, (_, i) => tokens[i + 1] ?? 0xffff_ffff);
  const weights = new Float32Array(rows).fill(1);
  const positions = Uint32Array.from({ length: rows }, (_, i) => i);
  const segments = Uint32Array.from({ length: 2 * rows }, (_, i) => (i % 2) * rows);
  return { rows, tokens, targets, weights, positions, segments, targetTokens: rows - 1 };
}

/** The contents of the slots of a model's weights; slots that are missing hold float32. */
export function weightContents(layout: ModelLayout): Map<string, Content> {
  const contents = new Map<string, Content>();
  for (const tensor of layout.tensors.values()) {
    if (tensor.kind === 'dense') for (const { slot } of tensor.parts) contents.set(slot, tensor.format);
    if (tensor.kind === 'packed' && tensor.buffers['codes'])
      contents.set(tensor.buffers['codes'].slot, 'bits');
  }
  return contents;
}

/** The contents of a training step's or an answer's slots, beside a model's weights. */
export function inputContents(batch: Batch): Map<string, SlotContent> {
  return new Map<string, SlotContent>([
    ['tokens', batch.tokens],
    ['targets', batch.targets],
    ['positions', batch.positions],
    ['segments', batch.segments],
    // A finite loss and norm; without them the optimizer would skip the update.
    [METRICS, Float32Array.of(2, 1, 0, 1)],
  ]);
}
