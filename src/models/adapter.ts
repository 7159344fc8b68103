import { GRADIENTS, PARAMETERS } from '../graph/differentiate';
import type { Device } from '../gpu/device';
import type { AdapterLayout } from './adapters/layout';
import type { TrainingState } from './training_program';

export const MOMENT1 = 'moment1';
export const MOMENT2 = 'moment2';
const TRAINING_SLOTS = [GRADIENTS, MOMENT1, MOMENT2] as const;

/** An adapter on a device: one flat buffer of parameters and, for training, of gradients and both moments. */
export class Adapter {
  readonly layout: AdapterLayout;
  /** By slot: `parameters`, and for training `gradients`, `moment1`, `moment2`. */
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  readonly #device: Device;

  constructor(device: Device, layout: AdapterLayout, use: 'training' | 'inference') {
    this.#device = device;
    this.layout = layout;
    const slots = [PARAMETERS, ...(use === 'training' ? TRAINING_SLOTS : [])];
    this.buffers = new Map(
      slots.map((slot) => [slot, device.buffers.create(purposeOf(slot), slot, layout.size * 4)]),
    );
  }

  writeParameters(flat: Float32Array<ArrayBuffer>): void {
    this.#write(PARAMETERS, flat);
  }

  async readParameters(): Promise<Float32Array<ArrayBuffer>> {
    return await this.#read(PARAMETERS);
  }

  writeState({ parameters, moment1, moment2 }: TrainingState): void {
    this.#write(PARAMETERS, parameters);
    this.#write(MOMENT1, moment1);
    this.#write(MOMENT2, moment2);
  }

  async readState(): Promise<TrainingState> {
    return {
      parameters: await this.#read(PARAMETERS),
      moment1: await this.#read(MOMENT1),
      moment2: await this.#read(MOMENT2),
    };
  }

  destroy(): void {
    for (const [slot, buffer] of this.buffers) this.#device.buffers.destroy(purposeOf(slot), buffer);
  }

  #write(slot: string, flat: Float32Array<ArrayBuffer>): void {
    this.#device.buffers.write(this.#buffer(slot), flat);
  }

  async #read(slot: string): Promise<Float32Array<ArrayBuffer>> {
    return new Float32Array(await this.#device.buffers.read(this.#buffer(slot)));
  }

  #buffer(slot: string): GPUBuffer {
    const buffer = this.buffers.get(slot);
    if (!buffer) throw new Error(`this adapter has no ${slot}`);
    return buffer;
  }
}

/** The purpose under which a flat buffer counts in the memory plan. */
export function purposeOf(slot: string): string {
  if (slot === PARAMETERS) return 'adapter';
  return slot === GRADIENTS ? 'gradients' : 'moments';
}
