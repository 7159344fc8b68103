/** The parts of a device that its own helpers need. */
export interface DeviceHandle {
  readonly gpu: GPUDevice;
  /** Throws what the device has reported asynchronously, if anything. */
  check(): void;
}
