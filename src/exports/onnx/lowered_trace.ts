import { TunesmithError } from '../../core/errors';
import type { Trace, TracedNode } from '../../graph/trace';
import type { ModelSpec } from '../../models/spec';
import type { Tensor } from '../../ops/op';
import type { Weight } from '../../ops/weight';
import { floatBytes } from '../encoding/float_bytes';
import type { Matrix } from './forms/form';
import type { OnnxGraph } from './graph';
import { LOWERINGS } from './lowerings/table';
import type { Quantization } from './quantizations';
import { runValues } from './run_values';
import type { OnnxScope, RunValues } from './scope';
import type { GraphWeights } from './weights';

interface LoweredOptions {
  readonly spec: ModelSpec;
  readonly weights: GraphWeights;
  readonly quantization: Quantization;
}

/** Lowers the ops of a trace to a graph's, each when its result is first needed. */
export class LoweredTrace {
  readonly #graph: OnnxGraph;
  readonly #options: LoweredOptions;
  readonly #producers = new Map<Tensor, TracedNode>();
  readonly #values = new Map<Tensor, string>();
  readonly #run: RunValues;

  constructor(trace: Trace, graph: OnnxGraph, options: LoweredOptions) {
    this.#graph = graph;
    this.#options = options;
    for (const traced of trace.nodes)
      for (const output of Object.values(traced.node.outputs))
        if (output) this.#producers.set(output, traced);
    this.#run = runValues(graph);
  }

  /** The name of a tensor's value. Throws `export_onnx_op` if an op that it depends on has no lowering. */
  value(tensor: Tensor): string {
    const known = this.#values.get(tensor);
    if (known !== undefined) return known;
    const traced = this.#producers.get(tensor);
    const value = traced ? this.#lower(traced, tensor) : this.#bound(tensor);
    this.#values.set(tensor, value);
    return value;
  }

  #lower({ node, block = 0 }: TracedNode, wanted: Tensor): string {
    const lowering = LOWERINGS.get(node.op.name);
    if (!lowering) {
      const { family } = this.#options.spec;
      throw new TunesmithError({ code: 'export_onnx_op', values: { family, op: node.op.name } });
    }
    const made = lowering.lower(node, this.#scope(block));
    for (const [key, name] of Object.entries(made)) {
      const output = node.outputs[key];
      if (output) this.#values.set(output, name);
    }
    const value = this.#values.get(wanted);
    if (value === undefined) throw new Error(`${node.op.name} is lowered without ${wanted.name}`);
    return value;
  }

  #bound(tensor: Tensor): string {
    const { name, shape, isWeight } = this.#options.weights.bound(tensor);
    return this.#vector(name, shape, () => this.#options.weights.valuesOf(tensor), isWeight);
  }

  #vector(
    name: string,
    shape: readonly number[],
    values: () => Promise<Float32Array>,
    isWeight = false,
  ): string {
    const { float: type } = this.#options.quantization;
    this.#graph.weight({
      tensors: [{ name, type, shape }],
      ...(isWeight && { holds: { name, encoding: { encoder: 'onnx', type, rowLength: 1 } } }),
      async *parts() {
        yield floatBytes(name, type, await values());
      },
    });
    return name;
  }

  #scope(block: number): OnnxScope {
    const graph = this.#graph;
    const { weights, quantization } = this.#options;
    const { float } = quantization;
    const scope = { graph, float };
    const matrix = ({ name }: Weight): Matrix => weights.matrix(name);
    return {
      ...scope,
      block,
      run: this.#run,
      value: (tensor) => this.value(tensor),
      producer: (tensor) => this.#producers.get(tensor)?.node,
      product: (x, weight, bias) => quantization.linear(weight).product(scope, x, matrix(weight), bias),
      head: (x, weight) => quantization.head.product(scope, x, matrix(weight)),
      lookUp: (tokens, weight) => quantization.table.lookUp(scope, tokens, matrix(weight)),
      vector: (name, shape, values) => this.#vector(name, shape, values),
      valuesOf: (tensor) => weights.valuesOf(tensor),
      factor: (value) =>
        graph.scalar(`factor_${value}`, float, floatBytes('factor', float, Float32Array.of(value))),
      rotary: (table) => {
        const { name, shape, angles } = weights.rotary(table);
        const tensors = ['cos', 'sin'].map((part) => ({ name: `${name}.${part}`, type: float, shape }));
        graph.weight({
          tensors,
          async *parts() {
            for (const values of angles()) yield floatBytes(name, float, values);
            await Promise.resolve();
          },
        });
        return { cos: `${name}.cos`, sin: `${name}.sin` };
      },
      inSequences: (x) => graph.op('Reshape', [x, this.#run.sequences()]),
      inRows: (x, columns) => graph.op('Reshape', [x, graph.ints([-1, columns])]),
    };
  }
}
