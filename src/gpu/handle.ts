/** What the parts of a device need of it. */
export interface DeviceHandle {
  readonly gpu: GPUDevice;
  /** Throws what the device has reported asynchronously, if anything. */
  check(): void;
}
