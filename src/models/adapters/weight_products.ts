import { bytesOf } from '../../core/bytes';
import type { LinearOperator } from '../../core/truncated_svd';
import type { Device } from '../../gpu/device';
import { Uploads } from '../../gpu/uploads';
import { compile } from '../../graph/compile';
import { plan, type Plan } from '../../graph/plan';
import type { Program } from '../../graph/program';
import { Trace } from '../../graph/trace';
import { linear, transposedLinear } from '../../ops/linear';
import type { Limits, Tensor } from '../../ops/op';
import type { DenseWeight } from '../../ops/weight';
import { rowParts } from '../layout';

export interface ProductShape {
  readonly out: number;
  readonly in: number;
  /** Most vectors to multiply at once. */
  readonly block: number;
}

interface PlannedProduct {
  readonly plan: Plan;
  readonly result: Tensor;
}

export interface ProductPlans {
  /** x Wᵀ */
  readonly forward: PlannedProduct;
  /** y W */
  readonly backward: PlannedProduct;
  /** Bytes of each part of the weight, of the vectors, and of the arenas that both products share. */
  readonly weight: readonly number[];
  readonly vectors: number;
  readonly arenas: readonly number[];
}

const VECTORS = 'vectors';

/** All in float32, even if the device supports half precision. */
export function planProducts({ out, in: input, block }: ProductShape, limits: Limits): ProductPlans {
  const { maxStorageBufferBindingSize, maxBufferSize, maxComputeWorkgroupsPerDimension, software } = limits;
  const plain: Limits = {
    ...{ maxStorageBufferBindingSize, maxBufferSize, maxComputeWorkgroupsPerDimension },
    ...(software !== undefined && { software }),
  };
  const parts = rowParts(out, input, 4, maxStorageBufferBindingSize);
  const product = (
    columns: number,
    apply: (trace: Trace, vectors: Tensor, weight: DenseWeight) => Tensor,
  ): PlannedProduct => {
    const trace = new Trace();
    const vectors = trace.bound(VECTORS, 'f32', ['rows', columns]);
    const bound = parts.map((part, index) => ({
      ...part,
      tensor: trace.bound(partSlot(index), 'u32', [part.rows * input]),
    }));
    const weight: DenseWeight = { kind: 'dense', name: 'W', format: 'f32', out, in: input, parts: bound };
    const result = apply(trace, vectors, weight);
    return { plan: plan(trace, trace.nodes, { capacity: block, limits: plain, keep: [result] }), result };
  };
  const forward = product(input, (trace, x, weight) => linear(trace, { x, weight }));
  const backward = product(out, transposedLinear);
  const count = Math.max(forward.plan.arenas.length, backward.plan.arenas.length);
  const arenas = Array.from({ length: count }, (_, index) =>
    Math.max(forward.plan.arenas[index] ?? 0, backward.plan.arenas[index] ?? 0),
  );
  const weight = parts.map(({ rows }) => rows * input * 4);
  return { forward, backward, weight, vectors: block * Math.max(out, input) * 4, arenas };
}

/** Bytes on the device. */
export function productBytes({ weight, vectors, arenas }: ProductPlans): number {
  return [...weight, vectors, ...arenas].reduce((sum, bytes) => sum + bytes, 0);
}

const partSlot = (index: number): string => `weight.${index}`;

/** Products on the device with float32 matrices of the same shape, loaded one after the other. */
export class WeightProducts implements LinearOperator {
  readonly out: number;
  readonly in: number;
  readonly #device: Device;
  readonly #plans: ProductPlans;
  readonly #buffers = new Map<string, GPUBuffer>();
  readonly #arenas: GPUBuffer[] = [];
  #programs: { readonly forward: Program; readonly backward: Program } | undefined;

  private constructor(device: Device, shape: ProductShape) {
    this.out = shape.out;
    this.in = shape.in;
    this.#device = device;
    this.#plans = planProducts(shape, device.limits);
  }

  /** If it fails, it frees what it has allocated. Throws the device's errors. */
  static async compile(device: Device, shape: ProductShape): Promise<WeightProducts> {
    const products = new WeightProducts(device, shape);
    try {
      await products.#compile();
      return products;
    } catch (error) {
      products.destroy();
      throw error;
    }
  }

  /** Loads another matrix. @param rows runs of its rows in order, f32 */
  async load(rows: AsyncIterable<Float32Array<ArrayBuffer>>): Promise<void> {
    const uploads = new Uploads(this.#device);
    const parts = rowParts(this.out, this.in, 4, this.#device.limits.maxStorageBufferBindingSize);
    let row = 0;
    for await (const run of rows) {
      const last = row + run.length / this.in;
      for (const [index, part] of parts.entries()) {
        const from = Math.max(row, part.firstRow);
        const to = Math.min(last, part.firstRow + part.rows);
        if (from >= to) continue;
        const values = run.slice((from - row) * this.in, (to - row) * this.in);
        const offset = (from - part.firstRow) * this.in * 4;
        await uploads.write(this.#buffer(partSlot(index)), bytesOf(values), offset);
      }
      row = last;
    }
    await uploads.idle();
  }

  async forward(x: Float32Array<ArrayBuffer>): Promise<Float32Array> {
    return await this.#run('forward', x, x.length / this.in);
  }

  async backward(y: Float32Array<ArrayBuffer>): Promise<Float32Array> {
    return await this.#run('backward', y, y.length / this.out);
  }

  destroy(): void {
    this.#programs?.forward.destroy();
    this.#programs?.backward.destroy();
    this.#programs = undefined;
    for (const buffer of [...this.#buffers.values(), ...this.#arenas.splice(0)]) {
      this.#device.buffers.destroy('loading', buffer);
    }
    this.#buffers.clear();
  }

  async #run(
    which: 'forward' | 'backward',
    vectors: Float32Array<ArrayBuffer>,
    rows: number,
  ): Promise<Float32Array> {
    const program = this.#programs?.[which];
    if (!program) throw new Error('these products are not compiled');
    this.#device.buffers.write(this.#buffer(VECTORS), vectors);
    await program.run({ rows });
    return new Float32Array(await program.read(this.#plans[which].result, rows));
  }

  async #compile(): Promise<void> {
    const { forward, backward, weight, vectors, arenas } = this.#plans;
    const create = (label: string, bytes: number): GPUBuffer =>
      this.#device.buffers.create('loading', label, bytes);
    for (const [index, bytes] of weight.entries()) {
      this.#buffers.set(partSlot(index), create(partSlot(index), bytes));
    }
    this.#buffers.set(VECTORS, create(VECTORS, vectors));
    for (const [index, bytes] of arenas.entries()) this.#arenas.push(create(`arena ${index}`, bytes));
    const request = { buffers: this.#buffers, arenas: this.#arenas, purpose: 'loading' as const };
    const compiled = await compile(this.#device, forward.plan, request);
    try {
      const other = await compile(this.#device, backward.plan, request);
      this.#programs = { forward: compiled, backward: other };
    } catch (error) {
      compiled.destroy();
      throw error;
    }
  }

  #buffer(slot: string): GPUBuffer {
    const buffer = this.#buffers.get(slot);
    if (!buffer) throw new Error(`these products have no ${slot}`);
    return buffer;
  }
}
