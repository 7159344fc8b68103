import type { Device } from '../gpu/device';
import type { Dispatch, Tensor } from '../ops/op';
import { byteLength, type Plan } from './plan';
import { TrialNumbers } from './trial_numbers';

export interface ScratchOptions {
  /** Buffers that may be read, by slot: the model's weights. Every other binding is scratch. */
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  /** The content of slots that an op's loops depend on, by the number of rows. Other integers are zero, floats are random. */
  readonly contents?: ReadonlyMap<string, (rows: number) => Uint32Array<ArrayBuffer>>;
}

const PURPOSE = 'tuning';
/** The largest activation and parameter. With these a LoRA pair adds less than the base computes. */
const ACTIVATION = 1;
const PARAMETER = 0.1;

/** Memory for programs that run one at a time, only to be timed or compared. */
export class Scratch {
  readonly arenas: GPUBuffer[] = [];
  readonly #device: Device;
  readonly #options: ScratchOptions;
  readonly #slots = new Map<string, GPUBuffer>();
  readonly #numbers: TrialNumbers;

  constructor(device: Device, options: ScratchOptions) {
    this.#device = device;
    this.#options = options;
    this.#numbers = new TrialNumbers(device, PURPOSE);
  }

  /** All bound buffers, by slot. */
  get buffers(): ReadonlyMap<string, GPUBuffer> {
    return new Map([...this.#options.buffers, ...this.#slots]);
  }

  /** Grows to what any of the plans needs. */
  reserve(plans: readonly Plan[]): void {
    const { buffers } = this.#device;
    for (const { arenas, slots, dispatches } of plans) {
      arenas.forEach((bytes, index) => {
        const arena = this.arenas[index];
        if (arena && arena.size >= bytes) return;
        if (arena) buffers.destroy(PURPOSE, arena);
        this.arenas[index] = buffers.create(PURPOSE, `arena ${index}`, bytes);
      });
      for (const [slot, bytes] of slots) {
        if (this.#isGiven(slot, dispatches)) continue;
        const scratch = this.#slots.get(slot);
        if (scratch && scratch.size >= bytes) continue;
        if (scratch) buffers.destroy(PURPOSE, scratch);
        this.#slots.set(slot, buffers.create(PURPOSE, slot, bytes));
      }
    }
  }

  /**
   * Fills the plan's scratch tensors with numbers; tensors of one shape get the same ones, because an earlier dispatch's
   * result is a different tensor for each candidate. The plan keeps the tensors apart.
   */
  fill({ dispatches, placements }: Plan, tensors: readonly Tensor[], rows: number): void {
    for (const tensor of tensors) {
      const { type, shape, storage } = tensor;
      const bytes = byteLength(tensor, rows);
      if (storage.kind === 'planned') {
        const placement = placements.get(tensor);
        const buffer = placement && this.arenas[placement.arena];
        if (buffer && type === 'f32')
          this.#numbers.fill({ buffer, offset: placement.offset, bytes }, shape.join(), ACTIVATION);
        continue;
      }
      const { slot, offset } = storage;
      const buffer = this.#slots.get(slot);
      if (!buffer || this.#isGiven(slot, dispatches)) continue;
      const contents = this.#options.contents?.get(slot);
      if (contents) this.#device.buffers.write(buffer, contents(rows), offset);
      else if (type === 'f32') this.#numbers.fill({ buffer, offset, bytes }, shape.join(), PARAMETER);
    }
  }

  destroy(): void {
    for (const buffer of [...this.#slots.values(), ...this.arenas.splice(0)]) {
      this.#device.buffers.destroy(PURPOSE, buffer);
    }
    this.#slots.clear();
    this.#numbers.destroy();
  }

  /** Whether a slot's own buffer is there and would only be read. */
  #isGiven(slot: string, dispatches: readonly Dispatch[]): boolean {
    if (!this.#options.buffers.has(slot)) return false;
    const bindings = dispatches.flatMap((dispatch) => dispatch.bindings);
    return bindings.every(
      ({ tensor: { storage }, access }) =>
        access === 'read' || storage.kind !== 'bound' || storage.slot !== slot,
    );
  }
}
