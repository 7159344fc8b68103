import type { InferenceSession, Tensor } from 'onnxruntime-web';
import { TunesmithError } from '../core/errors';

/** A cache that a decoder takes and returns: keys or values of a layer, or the state of a convolution. */
export interface CachePair {
  readonly input: string;
  readonly output: string;
  readonly type: Tensor.Type;
  /** The shape before the first token. */
  readonly shape: readonly number[];
}

/** The inputs and outputs of a decoder. */
export interface DecoderPorts {
  readonly attentionMask: boolean;
  readonly positionIds: boolean;
  /** The input that says for how many of the last tokens logits are computed; 0 is all. */
  readonly keep: string | undefined;
  readonly caches: readonly CachePair[];
}

const KEEP = ['num_logits_to_keep', 'logits_to_keep'];
const CACHE = /^past/;

type Metadata = readonly InferenceSession.ValueMetadata[];

/**
 * The ports of a decoder by the names that exporters use.
 *
 * @throws TunesmithError `onnx_not_decoder` if it takes no tokens or returns no logits, `onnx_inputs` if it needs an
 *   input that is not known here
 */
export function portsOf(file: string, inputs: Metadata, outputs: Metadata): DecoderPorts {
  const takes = new Map(inputs.map((each) => [each.name, each]));
  const returns = new Set(outputs.map(({ name }) => name));
  if (!takes.has('input_ids') || !returns.has('logits')) {
    throw new TunesmithError({
      code: 'onnx_not_decoder',
      values: { file },
      detail: `inputs: ${[...takes.keys()].join(', ')}; outputs: ${[...returns].join(', ')}`,
    });
  }
  const keep = KEEP.find((name) => takes.has(name));
  const unknown: string[] = [];
  const caches: CachePair[] = [];
  for (const value of inputs) {
    const { name } = value;
    if (['input_ids', 'attention_mask', 'position_ids', keep].includes(name)) continue;
    const output = name.replace(/^past(_key_values(?=\.))?/, 'present');
    const shape = value.isTensor ? emptyShape(value.shape) : undefined;
    if (value.isTensor && CACHE.test(name) && returns.has(output) && shape) {
      caches.push({ input: name, output, type: value.type, shape });
    } else unknown.push(name);
  }
  if (unknown.length > 0) throw new TunesmithError({ code: 'onnx_inputs', values: { file, names: unknown } });
  return {
    attentionMask: takes.has('attention_mask'),
    positionIds: takes.has('position_ids'),
    keep,
    caches,
  };
}

/** A cache of one conversation before its first token: the first dimension is the batch, other named ones are 0. */
function emptyShape(shape: readonly (number | string)[]): readonly number[] | undefined {
  const sizes = shape.map((size, index) => (typeof size === 'number' ? size : index === 0 ? 1 : 0));
  return sizes.length > 1 && sizes.filter((size) => size === 0).length <= 1 ? sizes : undefined;
}
