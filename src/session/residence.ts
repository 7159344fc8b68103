import type { Device } from '../gpu/device';
import { Adapter } from '../models/adapter';
import { Kernels, type TuningOptions } from './kernels';
import type { Opening } from './opening';
import type { OnProgress } from './progress';
import { Resident, type TunedAdapter } from './resident';

export interface SessionHost {
  /** Opens a device; called again after one was lost. */
  openDevice(): Promise<Device>;
  /** Fit the kernels to the device; without it their defaults hold. */
  readonly tuning?: TuningOptions;
}

/** The device of a session, and the base that lies on it: both are opened again where the device was lost. */
export class Residence {
  readonly kernels: Kernels;
  readonly #host: SessionHost;
  #device: Device | undefined;
  #openingDevice: Promise<Device> | undefined;
  #resident: Resident | undefined;

  constructor(host: SessionHost) {
    this.#host = host;
    this.kernels = new Kernels(host.tuning);
  }

  /** The device, opened where there is none that answers. Calls that come while it is being opened wait for the same one. */
  async device(): Promise<Device> {
    if (this.#device && !this.#device.hasFailed) return this.#device;
    this.#openingDevice ??= this.#openDevice().finally(() => (this.#openingDevice = undefined));
    return await this.#openingDevice;
  }

  /** Brings a base to the device, where none is. */
  async load(opening: Opening, onProgress: OnProgress, signal?: AbortSignal): Promise<Resident> {
    const device = await this.device();
    this.#resident = new Resident(device, await opening.bring(device, onProgress, signal));
    return this.#resident;
  }

  /** The base on a device that answers: loaded again where the device was lost. */
  async alive(opening: Opening): Promise<Resident> {
    if (this.#resident?.alive) return this.#resident;
    this.#resident = undefined;
    return await this.load(opening, () => undefined);
  }

  /** Works with the base and, where one is given, an adapter that lies on the device meanwhile. */
  async withAdapter<T>(
    opening: Opening,
    tuned: TunedAdapter | undefined,
    work: (resident: Resident, adapter: Adapter | undefined) => Promise<T>,
  ): Promise<T> {
    const resident = await this.alive(opening);
    if (!tuned) return await work(resident, undefined);
    const adapter = new Adapter(resident.device, tuned.layout);
    try {
      adapter.writeParameters(tuned.parameters);
      return await work(resident, adapter);
    } finally {
      adapter.destroy();
    }
  }

  dropTuned(): void {
    this.#resident?.dropTuned();
  }

  unload(): void {
    this.#resident?.destroy();
    this.#resident = undefined;
  }

  close(): void {
    this.unload();
    this.#device?.destroy();
    this.#device = undefined;
  }

  async #openDevice(): Promise<Device> {
    // One that ran out of memory is given back whole, so that the next has room.
    this.#device?.destroy();
    this.#device = await this.#host.openDevice();
    await this.kernels.recall(this.#device);
    return this.#device;
  }
}
