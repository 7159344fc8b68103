import type { Device } from '../gpu/device';
import type { ModelLayout } from './layout';

/** A base model on a device: its layout and a buffer for every slot. */
export interface Model {
  readonly device: Device;
  readonly layout: ModelLayout;
  /** By slot, the rotary table included. */
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  destroy(): void;
}
