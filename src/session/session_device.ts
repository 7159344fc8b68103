import type { Device } from '../gpu/device';
import { Adapter } from '../models/adapter';
import { Kernels, type TuningOptions } from './kernels';
import type { LoadableModel } from './models/loadable';
import type { OnProgress } from './progress';
import { LoadedModel, type TunedAdapter } from './models/loaded';

export interface SessionHost {
  /** Opens a device; called again after one was lost. */
  openDevice(): Promise<Device>;
  /** Fit the kernels to the device; without it their defaults hold. */
  readonly tuning?: TuningOptions;
}

/** The device of a session and the model on it. Both are made again after the device was lost. */
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

  /** The device, opened where there is none that answers. Calls that come while it is being opened wait for the same one. */
  async device(): Promise<Device> {
    if (this.#device && !this.#device.hasFailed) return this.#device;
    this.#openingDevice ??= this.#openDevice().finally(() => (this.#openingDevice = undefined));
    return await this.#openingDevice;
  }

  /** Loads a model onto the device, which has none. */
  async load(loadable: LoadableModel, onProgress: OnProgress, signal?: AbortSignal): Promise<LoadedModel> {
    const device = await this.device();
    this.#loaded = new LoadedModel(device, await loadable.loadOn(device, onProgress, signal));
    return this.#loaded;
  }

  /** The model on a device that answers: loaded again if the device was lost. */
  async alive(loadable: LoadableModel): Promise<LoadedModel> {
    if (this.#loaded?.alive) return this.#loaded;
    this.#loaded = undefined;
    return await this.load(loadable, () => undefined);
  }

  /** Works with the model and, if one is given, an adapter that lies on the device meanwhile. */
  async withAdapter<T>(
    loadable: LoadableModel,
    tuned: TunedAdapter | undefined,
    work: (loaded: LoadedModel, adapter: Adapter | undefined) => Promise<T>,
  ): Promise<T> {
    const loaded = await this.alive(loadable);
    if (!tuned) return await work(loaded, undefined);
    const adapter = new Adapter(loaded.device, tuned.layout);
    try {
      adapter.writeParameters(tuned.parameters);
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
    // One that ran out of memory is given back whole, so that the next has room.
    this.#device?.destroy();
    this.#device = await this.#host.openDevice();
    await this.kernels.recall(this.#device);
    return this.#device;
  }
}
