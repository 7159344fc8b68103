import type { Device } from '../../src/gpu/device';
import { compile } from '../../src/graph/compile';
import { GRADIENTS, PARAMETERS } from '../../src/graph/differentiate';
import { plan } from '../../src/graph/plan';
import { Trace } from '../../src/graph/trace';
import { writeParameter } from '../../src/models/adapters/layout';
import type {
  FlatLayout,
  FlatTensor,
  OptimizerPlan,
  StepValues,
} from '../../src/models/optimizers/optimizer';
import { METRICS } from '../../src/models/training_graph';

/** An optimiser's step without a model, over flat buffers. */
export interface OptimizerOnDevice {
  readonly of: (name: string) => GPUBuffer;
  /** Runs a step with make_optimizers.py's gradients; that of tensor i is `gradient(i, step)`. */
  readonly step: (values: StepValues) => Promise<void>;
  readonly destroy: () => void;
}

export async function optimizerOnDevice(
  device: Device,
  { size, tensors }: FlatLayout,
  optimizer: OptimizerPlan,
): Promise<OptimizerOnDevice> {
  const trace = new Trace();
  const buffers = new Map<string, GPUBuffer>();
  const make = (slot: string, type: 'f32' | 'u32', words: number) => {
    buffers.set(slot, device.buffers.create('other', slot, words * 4));
    return trace.bound(slot, type, [words]);
  };
  const named = new Map(
    optimizer.state.map(({ name, dtype, shape }) => {
      const count = shape.reduce((product, length) => product * length, 1);
      const words = dtype === 'U8' ? count / 4 : count;
      return [name, make(name, dtype === 'U8' ? 'u32' : 'f32', words)] as const;
    }),
  );
  for (const { name, words } of optimizer.tables) {
    named.set(name, make(name, 'u32', words.length));
    device.buffers.write(buffers.get(name)!, words);
  }
  optimizer.step(trace, {
    parameters: make(PARAMETERS, 'f32', size),
    gradients: make(GRADIENTS, 'f32', size),
    metrics: make(METRICS, 'f32', 4),
    of: (name) => named.get(name)!,
  });
  const planned = plan(trace, trace.nodes, { capacity: 1, limits: device.limits });
  const program = await compile(device, planned, { buffers });
  const of = (name: string): GPUBuffer => buffers.get(name)!;
  device.buffers.write(of(METRICS), Float32Array.of(1, 1, 0, 1));
  return {
    of,
    async step(values) {
      const flat = flatOf({ size, tensors }, (index, count) => gradient(index, values.step, count));
      device.buffers.write(of(GRADIENTS), flat);
      await program.run(optimizer.scalars(values));
    },
    destroy() {
      program.destroy();
      for (const buffer of buffers.values()) device.buffers.destroy('other', buffer);
    },
  };
}

/** A flat buffer with the values of each tensor in their places. */
export function flatOf(
  { size, tensors }: FlatLayout,
  values: (index: number, count: number, tensor: FlatTensor) => Float32Array,
): Float32Array<ArrayBuffer> {
  const flat = new Float32Array(size);
  for (const [index, tensor] of tensors.entries()) {
    const count = tensor.shape.reduce((product, length) => product * length, 1);
    writeParameter(flat, partOf(tensor), values(index, count, tensor));
  }
  return flat;
}

/** A tensor as one of an adapter's parts, of which only the place counts here. */
export function partOf(tensor: FlatTensor) {
  return { part: tensor.name, file: '', start: 'zero' as const, ...tensor };
}

/** make_optimizers.py's `gradient`: exact in f32, and the same in any language. */
export function gradient(index: number, step: number, count: number): Float32Array<ArrayBuffer> {
  const hash = (i: number): number => {
    let h = Number(
      (BigInt(i) * 2654435761n + BigInt(step * 40503) * 65537n + BigInt(index * 97)) % (1n << 32n),
    );
    h = Math.imul(h ^ (h >>> 15), 2246822519) >>> 0;
    h = Math.imul(h ^ (h >>> 13), 3266489917) >>> 0;
    return (h ^ (h >>> 16)) >>> 0;
  };
  return Float32Array.from(
    { length: count },
    (_, i) => (((hash(i) % 65536) - 32768) / 65536) * 2 ** -(Math.floor(i / 7) % 5),
  );
}
