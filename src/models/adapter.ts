import { alignUp } from '../core/align';
import { dtypeBits, floatsOf } from '../core/dtype';
import { elementCount } from '../core/shape';
import type { MemoryPurpose } from '../core/memory_purposes';
import { holdsTensor, tensorOf, type NamedTensor } from '../formats/checkpoint';
import type { Device } from '../gpu/device';
import { DERIVED, FROZEN } from './adapters/bound';
import { Derivation } from './adapters/derivation';
import { withDerivedStart, type AdapterLayout, type AdapterState } from './adapters/layout';
import type { Model } from './model';
import { GRADIENTS, PARAMETERS } from '../graph/differentiate';
import type { OptimizerPlan, StateTensor } from './optimizers/optimizer';
import type { TrainingState } from './training_program';

/** An adapter on a device: one flat buffer of parameters and, for training, gradients and the optimiser's state. */
export class Adapter {
  readonly layout: AdapterLayout;
  /**
   * The buffers by slot: `parameters`, the frozen and the derived values of the kind, and for training `gradients` and
   * the optimiser's tensors.
   */
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  readonly #device: Device;
  readonly #state: readonly StateTensor[];
  readonly #derivation: Derivation | undefined;
  /** Whether the derived values are up to date with the parameters. */
  #isDerived = false;

  /** @param optimizer for training; inference needs none */
  constructor(device: Device, layout: AdapterLayout, optimizer?: OptimizerPlan) {
    const { size } = layout;
    this.#device = device;
    this.layout = layout;
    this.#state = [...adapterTensors(layout), ...(optimizer?.state ?? [])];
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

  /** Call it after the device has changed the parameters. */
  changed(): void {
    this.#isDerived = false;
  }

  /**
   * Computes the derived values if they are out of date. Await it before a program runs the model with this adapter.
   */
  async ready(model: Model): Promise<void> {
    if (this.#isDerived || !this.#derivation) return;
    await this.#derivation.run(model);
    this.#isDerived = true;
  }

  /** Writes the initial values of a new adapter; parts that start at derived values get those of this model. */
  async writeStart(model: Model, start: AdapterState): Promise<void> {
    this.writeAdapter(start);
    if (!this.#derivation) return;
    await this.ready(model);
    const derived = new Float32Array(await this.#device.buffers.read(this.#buffer(DERIVED)));
    this.writeParameters(withDerivedStart(this.layout, start.parameters, derived));
  }

  /** Writes an adapter that has no start to be derived. */
  writeAdapter({ parameters, frozen }: AdapterState): void {
    if (frozen.length > 0) this.#device.buffers.write(this.#buffer(FROZEN), frozen);
    this.writeParameters(parameters);
  }

  /** @param flat in this layout; with another one, the matrices would be read wrongly */
  writeParameters(flat: Float32Array<ArrayBuffer>): void {
    if (flat.length !== this.layout.size) {
      throw new Error(`an adapter of ${this.layout.size} parameters was given ${flat.length}`);
    }
    this.changed();
    this.#device.buffers.write(this.#buffer(PARAMETERS), flat);
    for (const { name, begins } of this.#state) {
      if (begins === 'parameters') this.#device.buffers.write(this.#buffer(name), flat);
    }
  }

  async readParameters(): Promise<Float32Array<ArrayBuffer>> {
    return new Float32Array(await this.#device.buffers.read(this.#buffer(PARAMETERS)));
  }

  /** Reads back the buffers that `plainAdapter` turns into a plain adapter. */
  async readAdapter(): Promise<AdapterState> {
    const buffer = this.buffers.get(FROZEN);
    const frozen = buffer ? await this.#device.buffers.read(buffer) : new ArrayBuffer(0);
    return { parameters: await this.readParameters(), frozen: new Float32Array(frozen) };
  }

  /**
   * @throws TunesmithError `checkpoint_damaged` if a tensor is missing or of another shape; in that case it writes
   *   nothing
   */
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

/** The flat buffers of an adapter as checkpoints hold them. */
function adapterTensors({ size, frozenSize }: AdapterLayout): readonly StateTensor[] {
  const tensor = (name: string, count: number): StateTensor => ({ name, dtype: 'F32', shape: [count] });
  return [tensor(PARAMETERS, size), ...(frozenSize > 0 ? [tensor(FROZEN, frozenSize)] : [])];
}

/** Whether a checkpoint's adapter is of this layout. */
export function holdsAdapter(tensors: readonly NamedTensor[], layout: AdapterLayout): boolean {
  return adapterTensors(layout).every((tensor) => holdsTensor(tensors, tensor));
}

/** The adapter of a checkpoint. Throws as `tensorOf`. */
export function adapterOf(tensors: readonly NamedTensor[], layout: AdapterLayout): AdapterState {
  const [parameters, frozen] = adapterTensors(layout).map((tensor) =>
    floatsOf('F32', tensorOf(tensors, tensor)),
  );
  if (!parameters) throw new Error('an adapter has parameters');
  return { parameters, frozen: frozen ?? new Float32Array(0) };
}

/** Bytes that an optimiser's state and tables take on the device. */
export function optimizerBytes({ state, tables }: OptimizerPlan): number {
  const ofState = state.reduce((sum, tensor) => sum + paddedBytes(tensor), 0);
  return tables.reduce((sum, { words }) => sum + words.byteLength, ofState);
}

function byteCount({ dtype, shape }: StateTensor): number {
  return (elementCount(shape) * dtypeBits(dtype)) / 8;
}

/** Bytes of a tensor's buffer: kernels read whole 32-bit words. */
function paddedBytes(tensor: StateTensor): number {
  return alignUp(byteCount(tensor), 4);
}

/** A buffer's purpose in the memory plan. */
function purposeOf(slot: string): MemoryPurpose {
  if (slot === PARAMETERS || slot === DERIVED || slot === FROZEN) return 'adapter';
  return slot === GRADIENTS ? 'gradients' : 'moments';
}
