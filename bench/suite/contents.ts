import { uniform } from '../../src/core/random';
import type { Batch } from '../../src/data/batches';
import type { ModelLayout } from '../../src/models/layout';
import { METRICS } from '../../src/models/training_graph';
import type { Content } from './fill';

/** What a bound slot holds: made up on the device, or written. */
export type SlotContent = Content | Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer>;

/** One sequence of random tokens, each of which but the last has a target. */
export function randomBatch(rows: number, vocabulary: number): Batch {
  const tokens = Uint32Array.from({ length: rows }, (_, i) => Math.floor(uniform(0, 1, i) * vocabulary));
  const targets = Uint32Array.from({ length: rows }, (_, i) => tokens[i + 1] ?? 0xffff_ffff);
  const positions = Uint32Array.from({ length: rows }, (_, i) => i);
  const segments = Uint32Array.from({ length: 2 * rows }, (_, i) => (i % 2) * rows);
  return { rows, tokens, targets, positions, segments, targetTokens: rows - 1 };
}

/** What the slots of a model's weights hold; what they don't name holds float32. */
export function weightContents(layout: ModelLayout): Map<string, Content> {
  const contents = new Map<string, Content>();
  for (const tensor of layout.tensors.values()) {
    if (tensor.kind === 'dense') for (const { slot } of tensor.parts) contents.set(slot, tensor.format);
    if (tensor.kind === 'packed' && tensor.buffers['codes'])
      contents.set(tensor.buffers['codes'].slot, 'bits');
  }
  return contents;
}

/** What the slots of a training step or of an answer hold, beside a model's weights. */
export function inputContents(batch: Batch): Map<string, SlotContent> {
  return new Map<string, SlotContent>([
    ['tokens', batch.tokens],
    ['targets', batch.targets],
    ['positions', batch.positions],
    ['segments', batch.segments],
    // A loss and a norm that are finite, without which the optimizer would do nothing.
    [METRICS, Float32Array.of(2, 1, 0, 1)],
  ]);
}
