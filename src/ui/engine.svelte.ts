import type { ErrorDescription } from '../core/errors';
import { connectEngine, type DeviceReport, type RemoteEngine } from '../worker/protocol';

/** The engine behind the page, and the device it found. */
export class EngineState {
  readonly remote: RemoteEngine;
  /** Undefined until the engine has answered. */
  device: DeviceReport | undefined = $state.raw();
  /** Why the engine itself does not run. */
  failure: ErrorDescription | undefined = $state.raw();
  readonly usable = $derived(
    this.failure === undefined && this.device !== undefined && this.device.kind !== 'none',
  );

  constructor() {
    this.remote = connectEngine((failure) => (this.failure = failure));
  }

  /** Whether another try can help: a worker that broke never answers again. */
  readonly canRecover = $derived(this.device !== undefined && this.failure?.code !== 'worker_failed');

  async detect(): Promise<void> {
    this.device = await this.remote.device();
  }
}
