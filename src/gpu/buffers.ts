import { alignUp } from '../core/align';
import { TunesmithError } from '../core/errors';
import type { DeviceHandle } from './handle';

/** Makes a device's buffers and keeps account of them by purpose. */
export class BufferPool {
  readonly #bytes = new Map<string, number>();
  readonly #device: DeviceHandle;

  constructor(device: DeviceHandle) {
    this.#device = device;
  }

  /** Bytes allocated now, by purpose. */
  get allocated(): ReadonlyMap<string, number> {
    return this.#bytes;
  }

  /**
   * A zeroed buffer of at least `bytes` bytes for kernels, copies and writes. Throws `buffer_too_large` where the
   * device can't hold it in one buffer.
   */
  create(purpose: string, label: string, bytes: number): GPUBuffer {
    const size = alignUp(Math.max(bytes, 4), 4);
    const { gpu } = this.#device;
    if (size > gpu.limits.maxBufferSize) {
      throw new TunesmithError({
        code: 'buffer_too_large',
        message: `${label} needs ${size} bytes in one buffer; this device allows ${gpu.limits.maxBufferSize}.`,
        hint: 'Choose a smaller batch, length or rank.',
      });
    }
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = gpu.createBuffer({ label, size, usage });
    this.#bytes.set(purpose, (this.#bytes.get(purpose) ?? 0) + size);
    return buffer;
  }

  /** Frees a buffer made for the same purpose. */
  destroy(purpose: string, buffer: GPUBuffer): void {
    this.#bytes.set(purpose, (this.#bytes.get(purpose) ?? 0) - buffer.size);
    buffer.destroy();
  }

  /** Writes at a byte offset; both a multiple of 4. */
  write(buffer: GPUBuffer, data: GPUAllowSharedBufferSource, offset = 0): void {
    this.#device.gpu.queue.writeBuffer(buffer, offset, data);
  }

  /** Copies bytes back once all that was submitted before is done; `offset` and `bytes` are multiples of 4. */
  async read(buffer: GPUBuffer, offset = 0, bytes = buffer.size - offset): Promise<ArrayBuffer> {
    const { gpu } = this.#device;
    this.#device.check();
    const staging = gpu.createBuffer({
      label: 'readback',
      size: bytes,
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
    try {
      const encoder = gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, offset, staging, 0, bytes);
      gpu.queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ).catch((cause: unknown) => {
        this.#device.check();
        throw new TunesmithError({
          code: 'gpu_read_failed',
          message: 'Results could not be read back from the graphics card.',
          cause,
        });
      });
      return staging.getMappedRange().slice(0);
    } finally {
      staging.destroy();
    }
  }
}
