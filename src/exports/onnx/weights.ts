import { DERIVED, FROZEN } from '../../models/adapters/bound';
import { PARAMETERS } from '../../graph/differentiate';
import { rotarySlots } from '../../models/layout';
import { rotaryTable } from '../../models/rotary_table';
import { checkpointTensors, type TensorSpec } from '../../models/spec';
import { elements, type Tensor } from '../../ops/op';
import type { Encoding } from '../encoding/encode';
import type { EncodableRun } from '../encoding/row_encoder';
import type { ExportSource } from '../format';
import { mergedRows, mergedVector, trainedBase, type BaseWeights } from '../merged/weights';
import type { Matrix } from './forms/form';

/** The most positions of a written rotary table, whatever a model claims. */
const MOST_POSITIONS = 131_072;

/** Gives a graph the values of the tensors that a trace is bound to. */
export interface GraphWeights {
  matrix(name: string): Matrix;
  /** The name and shape of a bound tensor that is a vector of the checkpoint, or a part of the adapter. */
  bound(tensor: Tensor): {
    readonly name: string;
    readonly shape: readonly number[];
    /** Whether it is the checkpoint's. */
    readonly isWeight: boolean;
  };
  valuesOf(tensor: Tensor): Promise<Float32Array>;
  /** A rotary table: all cosines [positions, dim / 2], then all sines. */
  rotary(table: Tensor): {
    readonly name: string;
    readonly shape: readonly number[];
    readonly angles: () => readonly Float32Array[];
  };
}

/** Positions for which a graph has rotary embeddings. */
export function graphPositions({ layout: { spec } }: ExportSource): number {
  return Math.min(spec.maxPositions, MOST_POSITIONS);
}

/**
 * @param merge whether the adapter is part of the weights
 * @param base the weights below it
 */
export function graphWeights(
  source: ExportSource,
  merge: boolean,
  base: BaseWeights = trainedBase(source),
): GraphWeights {
  const { layout, adapter } = source;
  const { spec } = layout;
  const tensors = new Map(checkpointTensors(spec).map((tensor) => [tensor.name, tensor]));
  const slots = rotarySlots(layout).map(({ slot }) => slot);
  const specOf = (name: string): TensorSpec => {
    const tensor = tensors.get(name);
    if (!tensor) throw new Error(`this model has no ${name}`);
    return tensor;
  };
  const merged = merge ? source : withoutAdapter(source);
  const rowsOf = (tensor: TensorSpec): AsyncIterable<Float32Array<ArrayBuffer>> =>
    mergedRows(merged, tensor, base);
  const isAdapter = (slot: string): boolean => [PARAMETERS, FROZEN, DERIVED].includes(slot);
  return {
    matrix(name) {
      const tensor = specOf(name);
      const [out = 0, input = 0] = tensor.shape;
      const encoded: Matrix['encoded'] = (encoding) =>
        source.encoder.encode(runsOf(name, encoding, rowsOf(tensor)));
      return { name, out, in: input, encoded };
    },
    bound({ name, shape, storage }) {
      const slot = storage.kind === 'bound' ? storage.slot : '';
      const isWeight = tensors.has(slot);
      if (!isWeight && !isAdapter(slot)) throw new Error(`a graph has no values for ${name}`);
      return { name, shape: shape.map(Number), isWeight };
    },
    async valuesOf({ name, shape, storage }) {
      if (storage.kind !== 'bound') throw new Error(`a graph has no values for ${name}`);
      const { slot, offset } = storage;
      if (slot === PARAMETERS || slot === FROZEN) {
        const first = offset / Float32Array.BYTES_PER_ELEMENT;
        const flat = slot === PARAMETERS ? adapter.parameters : adapter.frozen;
        return flat.subarray(first, first + elements(shape, 1));
      }
      if (slot === DERIVED) return derivedValues(source, offset, elements(shape, 1));
      const tensor = specOf(slot);
      const values = await mergedVector(merged, tensor, base);
      const { add } = tensor;
      return add ? values.map((value) => value + add) : values;
    },
    rotary({ storage }) {
      const index = storage.kind === 'bound' ? slots.indexOf(storage.slot) : -1;
      const parameters = spec.rotary[index];
      if (!parameters) throw new Error('this model has no such rotary embedding');
      const positions = graphPositions(source);
      const half = parameters.dim / 2;
      return {
        name: `rotary.${index}`,
        shape: [positions, half],
        angles() {
          const table = rotaryTable({ ...parameters, maxPositions: positions });
          return [0, half].map((first) => {
            const values = new Float32Array(positions * half);
            for (let position = 0; position < positions; position++) {
              const from = position * parameters.dim + first;
              values.set(table.subarray(from, from + half), position * half);
            }
            return values;
          });
        },
      };
    },
  };
}

/** The same source, whose weights are the base's alone. */
export function withoutAdapter(source: ExportSource): ExportSource {
  const { adapter } = source;
  return { ...source, adapter: { ...adapter, layout: { ...adapter.layout, modules: [] } } };
}

async function* runsOf(
  name: string,
  encoding: Encoding,
  rows: AsyncIterable<Float32Array<ArrayBuffer>>,
): AsyncGenerator<EncodableRun, void, void> {
  for await (const values of rows) yield { name, encoding, values };
}

/** Values that the adapter's kind derives on the device, such as DoRA's norms. */
async function derivedValues(source: ExportSource, offset: number, count: number): Promise<Float32Array> {
  return source.withTuned(async (base, adapter) => {
    await adapter.ready(base);
    const buffer = adapter.buffers.get(DERIVED);
    if (!buffer) throw new Error('this adapter has no derived values');
    return new Float32Array(await base.device.buffers.read(buffer, offset, count * 4));
  });
}
