import { alignUp } from '../core/align';
import { dtypeBits, floatsOf } from '../core/dtype';
import { elementCount } from '../core/shape';
import type { MemoryPurpose } from '../core/memory_purposes';
import { holdsTensor, tensorOf, type NamedTensor } from '../formats/checkpoint';
import type { Device } from '../gpu/device';
import { DERIVED } from './adapters/bound';
import { Derivation } from './adapters/derivation';
import { withDerivedStart, type AdapterLayout } from './adapters/layout';
import type { Model } from './model';
import { GRADIENTS, PARAMETERS } from '../graph/differentiate';
import type { OptimizerPlan, StateTensor } from './optimizers/optimizer';
import type { TrainingState } from './training_program';

/** An adapter on a device: one flat buffer of parameters and, for training, gradients and the optimiser's state. */
export class Adapter {
  readonly layout: AdapterLayout;
  /** By slot: `parameters`, what the kind derives of them, and for training `gradients` and what the optimiser declares. */
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  readonly #device: Device;
  readonly #state: readonly StateTensor[];
  readonly #derivation: Derivation | undefined;
  /** Whether the derived values are those of the parameters. */
  #isDerived = false;

  /** @param optimizer for training; inference needs none */
  constructor(device: Device, layout: AdapterLayout, optimizer?: OptimizerPlan) {
    const { size } = layout;
    this.#device = device;
    this.layout = layout;
    this.#state = [parameterTensor(layout), ...(optimizer?.state ?? [])];
    const bytes = new Map(this.#state.map((tensor) => [tensor.name, paddedBytes(tensor)]));
    if (layout.derivedSize > 0) bytes.set(DERIVED, layout.derivedSize * 4);
    if (optimizer) bytes.set(GRADIENTS, size * 4);
    for (const { name, words } of optimizer?.tables ?? []) bytes.set(name, words.byteLength);
    this.buffers = new Map(
      Array.from(bytes, ([slot, length]) => [slot, device.buffers.create(purposeOf(slot), slot, length)]),
    );
    for (const { name, words } of optimizer?.tables ?? []) device.buffers.write(this.#buffer(name), words);
    if (layout.derivedSize > 0) this.#derivation = new Derivation(layout, this.buffers);
  }

  /** Says that the device has changed the parameters. */
  changed(): void {
    this.#isDerived = false;
  }

  /** To be awaited before a program runs with this adapter over the model: computes what is derived of the parameters. */
  async ready(model: Model): Promise<void> {
    if (this.#isDerived || !this.#derivation) return;
    await this.#derivation.run(model);
    this.#isDerived = true;
  }

  /** Writes the parameters that a new adapter has; parts that start at derived values get those of this model. */
  async writeStart(model: Model, flat: Float32Array<ArrayBuffer>): Promise<void> {
    this.writeParameters(flat);
    if (!this.#derivation) return;
    await this.ready(model);
    const derived = new Float32Array(await this.#device.buffers.read(this.#buffer(DERIVED)));
    this.writeParameters(withDerivedStart(this.layout, flat, derived));
  }

  writeParameters(flat: Float32Array<ArrayBuffer>): void {
    this.changed();
    this.#device.buffers.write(this.#buffer(PARAMETERS), flat);
  }

  async readParameters(): Promise<Float32Array<ArrayBuffer>> {
    return new Float32Array(await this.#device.buffers.read(this.#buffer(PARAMETERS)));
  }

  /** @throws TunesmithError `checkpoint_damaged` if a tensor is missing or of another shape; nothing is written then */
  writeState(state: TrainingState): void {
    const found = this.#state.map((tensor) => [tensor, tensorOf(state, tensor)] as const);
    this.changed();
    for (const [tensor, data] of found) {
      const words = new Uint8Array(paddedBytes(tensor));
      words.set(data);
      this.#device.buffers.write(this.#buffer(tensor.name), words);
    }
  }

  async readState(): Promise<TrainingState> {
    const tensors: TrainingState[number][] = [];
    for (const tensor of this.#state) {
      const words = await this.#device.buffers.read(this.#buffer(tensor.name));
      tensors.push({ ...tensor, data: new Uint8Array(words, 0, byteCount(tensor)) });
    }
    return tensors;
  }

  destroy(): void {
    this.#derivation?.destroy();
    for (const [slot, buffer] of this.buffers) this.#device.buffers.destroy(purposeOf(slot), buffer);
  }

  #buffer(slot: string): GPUBuffer {
    const buffer = this.buffers.get(slot);
    if (!buffer) throw new Error(`this adapter has no ${slot}`);
    return buffer;
  }
}

/** The flat buffer of parameters as checkpoints hold it. */
function parameterTensor({ size }: AdapterLayout): StateTensor {
  return { name: PARAMETERS, dtype: 'F32', shape: [size] };
}

/** Whether a checkpoint's parameters are those of an adapter of this layout. */
export function holdsParameters(tensors: readonly NamedTensor[], layout: AdapterLayout): boolean {
  return holdsTensor(tensors, parameterTensor(layout));
}

/** The flat buffer of a checkpoint. Throws as `tensorOf`. */
export function parametersOf(
  tensors: readonly NamedTensor[],
  layout: AdapterLayout,
): Float32Array<ArrayBuffer> {
  return floatsOf('F32', tensorOf(tensors, parameterTensor(layout)));
}

/** Bytes that an optimiser's state and tables take on the device. */
export function optimizerBytes({ state, tables }: OptimizerPlan): number {
  const ofState = state.reduce((sum, tensor) => sum + paddedBytes(tensor), 0);
  return tables.reduce((sum, { words }) => sum + words.byteLength, ofState);
}

function byteCount({ dtype, shape }: StateTensor): number {
  return (elementCount(shape) * dtypeBits(dtype)) / 8;
}

/** Kernels see 32-bit words. */
function paddedBytes(tensor: StateTensor): number {
  return alignUp(byteCount(tensor), 4);
}

/** The purpose under which a buffer counts in the memory plan. */
function purposeOf(slot: string): MemoryPurpose {
  if (slot === PARAMETERS || slot === DERIVED) return 'adapter';
  return slot === GRADIENTS ? 'gradients' : 'moments';
}
