import { bytesOf } from '../../core/bytes';
import type { Encoding } from '../encoding/encode';
import { elementCount } from '../../core/shape';
import {
  MICROSOFT,
  ONNX_BYTES,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
  type OnnxType,
  type OnnxValue,
} from '../../formats/onnx/model';

/** A tensor whose elements are in a file beside the model. */
export type StoredWeight = Omit<OnnxTensor, 'data'>;

/** Tensors that one pass over a weight's rows gives. */
export interface WeightData {
  readonly tensors: readonly StoredWeight[];
  /** The weight of the checkpoint that the tensors hold; absent for tables and parts of an adapter. */
  readonly holds?: HeldWeight;
  /** The bytes of all tensors, one after the other. */
  readonly parts: () => AsyncIterable<Uint8Array>;
}

/** How a weight lies in the tensors: each has the encoded rows' arrays of its place, one row after the other. */
export interface HeldWeight {
  /** Its name in a checkpoint. */
  readonly name: string;
  readonly encoding: Encoding;
  /** The first tensor has all rows' first codes, then all second ones, and so on. */
  readonly isTransposed?: true;
}

/** Bytes of a tensor's elements. */
export function weightBytes({ type, shape }: StoredWeight): number {
  return elementCount(shape) * ONNX_BYTES[type];
}

interface OpOptions {
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
  /** Names of the outputs; by default one, named after the op. */
  readonly outputs?: readonly string[];
}

/** Collects the nodes, constants and weights of a graph. */
export class OnnxGraph {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxTensor[] = [];
  readonly weights: WeightData[] = [];
  readonly inputs: OnnxValue[] = [];
  readonly outputs: OnnxValue[] = [];
  readonly #names = new Map<string, number>();
  readonly #known = new Set<string>();
  readonly #shared = new Map<string, readonly string[]>();

  /** Adds an op of the standard. Returns the name of its first output. */
  op(type: string, inputs: readonly string[], { attributes = {}, outputs }: OpOptions = {}): string {
    return this.#add('', type, inputs, attributes, outputs);
  }

  /** Adds an op of ONNX Runtime's own domain. */
  microsoft(type: string, inputs: readonly string[], { attributes = {}, outputs }: OpOptions = {}): string {
    return this.#add(MICROSOFT, type, inputs, attributes, outputs);
  }

  /** A name that no other value has. */
  fresh(hint: string): string {
    const count = this.#names.get(hint) ?? 0;
    this.#names.set(hint, count + 1);
    return count === 0 ? hint : `${hint}_${count}`;
  }

  input(value: OnnxValue): string {
    this.inputs.push(value);
    return value.name;
  }

  output(value: OnnxValue): string {
    this.outputs.push(value);
    return value.name;
  }

  /** A constant of int64, equal ones only once. @param shape [count] unless given; [] for a scalar */
  ints(values: readonly number[], shape: readonly number[] = [values.length]): string {
    const name = `const_${shape.length === 0 ? 'scalar_' : ''}${values.join('_').replaceAll('-', 'minus')}`;
    if (this.#once(name)) {
      const data = bytesOf(BigInt64Array.from(values, BigInt));
      this.constants.push({ name, type: 'int64', shape, data });
    }
    return name;
  }

  /** A scalar that is multiplied with or added to activations. */
  scalar(name: string, type: OnnxType, data: Uint8Array): string {
    if (this.#once(name)) this.constants.push({ name, type, shape: [], data });
    return name;
  }

  /** Values that several ops use, made when first needed. */
  shared(key: string, make: () => readonly string[]): readonly string[] {
    const made = this.#shared.get(key) ?? make();
    this.#shared.set(key, made);
    return made;
  }

  /** Adds weights, each name only once. */
  weight(data: WeightData): void {
    if (this.#once(data.tensors[0]?.name ?? '')) this.weights.push(data);
  }

  #once(name: string): boolean {
    if (this.#known.has(name)) return false;
    this.#known.add(name);
    return true;
  }

  #add(
    domain: string,
    type: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
    given: readonly string[] | undefined,
  ): string {
    const outputs = given ?? [this.fresh(type)];
    this.nodes.push({ domain, type, inputs, outputs, attributes });
    return outputs[0] ?? '';
  }
}
