import type { Scratch } from '../data/byte_log';
import type { ThreadSource } from '../exports/encoding/thread';
import type { Device } from '../gpu/device';
import { Adapter } from '../models/adapter';
import { Kernels, type TuningOptions } from './kernels';
import type { BaseNames } from './models/base_names';
import type { LoadableModel } from './models/loadable';
import type { OnProgress } from './progress';
import { LoadedModel, type TunedAdapter } from './models/loaded';

export interface SessionHost {
  /** Opens a device; called again after one was lost. */
  openDevice(): Promise<Device>;
  /** Options for tuning the kernels to the device; if absent, their defaults apply. */
  readonly tuning?: TuningOptions;
  /** Threads for encoding exported weights; if absent, the session's own thread encodes. */
  readonly encodingThreads?: ThreadSource;
  /** Opens an empty file for records of examples that memory should not hold; if absent, memory holds all. */
  readonly scratch?: () => Promise<Scratch>;
  /** Stores where the person says that bases come from; if absent, nothing is remembered. */
  readonly baseNames?: BaseNames;
}

/** The device of a session and the model on it. Restores both after the device was lost. */
export class SessionDevice {
  readonly kernels: Kernels;
  readonly #host: SessionHost;
  #device: Device | undefined;
  #openingDevice: Promise<Device> | undefined;
  #loaded: LoadedModel | undefined;

  constructor(host: SessionHost) {
    this.#host = host;
    this.kernels = new Kernels(host.tuning);
  }

  /** A working device; opens one if necessary. Calls during the opening wait for the same device. */
  async device(): Promise<Device> {
    if (this.#device && !this.#device.hasFailed) return this.#device;
    this.#openingDevice ??= this.#openDevice().finally(() => (this.#openingDevice = undefined));
    return await this.#openingDevice;
  }

  /** Loads a model onto the device, which must not have one. */
  async load(loadable: LoadableModel, onProgress: OnProgress, signal?: AbortSignal): Promise<LoadedModel> {
    const device = await this.device();
    this.#loaded = new LoadedModel(device, await loadable.loadOn(device, onProgress, signal));
    return this.#loaded;
  }

  /** The model on a working device; loads it again if the device was lost. */
  async alive(loadable: LoadableModel): Promise<LoadedModel> {
    if (this.#loaded?.alive) return this.#loaded;
    this.#loaded = undefined;
    return await this.load(loadable, () => undefined);
  }

  /** Runs work with the model and, if given, an adapter, which is on the device meanwhile. */
  async withAdapter<T>(
    loadable: LoadableModel,
    tuned: TunedAdapter | undefined,
    work: (loaded: LoadedModel, adapter: Adapter | undefined) => Promise<T>,
  ): Promise<T> {
    const loaded = await this.alive(loadable);
    if (!tuned) return await work(loaded, undefined);
    const adapter = new Adapter(loaded.device, tuned.layout);
    try {
      adapter.writeAdapter(tuned);
      return await work(loaded, adapter);
    } finally {
      adapter.destroy();
    }
  }

  dropTuned(): void {
    this.#loaded?.dropTuned();
  }

  dropBeside(): void {
    this.#loaded?.dropBeside();
  }

  unload(): void {
    this.#loaded?.destroy();
    this.#loaded = undefined;
  }

  close(): void {
    this.unload();
    this.#device?.destroy();
    this.#device = undefined;
  }

  async #openDevice(): Promise<Device> {
    // Destroys a device that ran out of memory, so that the next one has room.
    this.#device?.destroy();
    this.#device = await this.#host.openDevice();
    await this.kernels.recall(this.#device);
    return this.#device;
  }
}
