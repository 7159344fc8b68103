import { alignUp } from '../core/align';
import { TunesmithError } from '../core/errors';
import type { MemoryPurpose } from '../core/memory_purposes';
import type { DeviceHandle } from './handle';
import { throwLoss } from './loss';

/** The smallest readback buffer, in bytes. */
const SMALL_READ = 4096;
/** Readback buffers that are kept. */
const MOST_STAGING = 4;

/** A range of a buffer, in bytes; both numbers are multiples of 4. */
export interface BufferRange {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

/** A copy of buffer ranges to JavaScript. The caller encodes it after the dispatches that fill them, submits it, then reads or drops it. */
export interface Readback {
  readonly encode: (encoder: GPUCommandEncoder) => void;
  readonly read: () => Promise<ArrayBuffer>;
  readonly drop: () => void;
}

/** Makes a device's buffers and keeps account of them by purpose. */
export class BufferPool {
  readonly #bytes = new Map<string, number>();
  readonly #peaks = new Map<string, number>();
  #total = 0;
  #peak = 0;
  readonly #staging: GPUBuffer[] = [];
  readonly #device: DeviceHandle;

  constructor(device: DeviceHandle) {
    this.#device = device;
  }

  /** Bytes allocated now, by purpose. */
  get allocated(): ReadonlyMap<string, number> {
    return this.#bytes;
  }

  /** Bytes allocated now, for all purposes together. */
  get total(): number {
    return this.#total;
  }

  /** The most bytes that each purpose ever had, not all of them at the same time. */
  get peaks(): ReadonlyMap<string, number> {
    return this.#peaks;
  }

  /** The most bytes that were allocated at any one time, for all purposes together. */
  get peak(): number {
    return this.#peak;
  }

  /**
   * A zeroed buffer of at least `bytes` bytes for kernels, copies and writes. Throws `buffer_too_large` if the
   * device can't hold it in one buffer.
   */
  create(purpose: MemoryPurpose, label: string, bytes: number): GPUBuffer {
    const size = alignUp(Math.max(bytes, 4), 4);
    const { gpu } = this.#device;
    if (size > gpu.limits.maxBufferSize) {
      throw new TunesmithError({
        code: 'buffer_too_large',
        values: { label, size, most: gpu.limits.maxBufferSize },
      });
    }
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
    const buffer = gpu.createBuffer({ label, size, usage });
    this.#count(purpose, size);
    return buffer;
  }

  /** Frees a buffer made for the same purpose. */
  destroy(purpose: MemoryPurpose, buffer: GPUBuffer): void {
    this.#count(purpose, -buffer.size);
    buffer.destroy();
  }

  /** Writes at a byte offset; both a multiple of 4. */
  write(buffer: GPUBuffer, data: GPUAllowSharedBufferSource, offset = 0): void {
    this.#device.gpu.queue.writeBuffer(buffer, offset, data);
  }

  /**
   * Copies bytes back after all earlier submits are done; `offset` and `bytes` are multiples of 4. Throws
   * `gpu_read_failed`, or what the device reported.
   */
  async read(buffer: GPUBuffer, offset = 0, bytes = buffer.size - offset): Promise<ArrayBuffer> {
    return await this.readRanges([{ buffer, offset, bytes }]);
  }

  /** Copies back some ranges at once, one after the other in the result. Waits and throws as `read`. */
  async readRanges(ranges: readonly BufferRange[]): Promise<ArrayBuffer> {
    const { gpu } = this.#device;
    this.#device.check();
    const readback = this.readback(ranges);
    const encoder = gpu.createCommandEncoder();
    readback.encode(encoder);
    gpu.queue.submit([encoder.finish()]);
    return await readback.read();
  }

  /** `readRanges` in parts, for a caller that submits the copy together with the dispatches that fill the ranges. */
  readback(ranges: readonly BufferRange[]): Readback {
    const bytes = ranges.reduce((sum, range) => sum + range.bytes, 0);
    const staging = this.#takeStaging(bytes);
    return {
      encode: (encoder) => {
        let at = 0;
        for (const { buffer, offset, bytes: length } of ranges) {
          encoder.copyBufferToBuffer(buffer, offset, staging, at, length);
          at += length;
        }
      },
      read: async () => {
        try {
          await staging.mapAsync(GPUMapMode.READ, 0, bytes).catch(async (cause: unknown) => {
            await throwLoss(this.#device);
            throw new TunesmithError({ code: 'gpu_read_failed', cause });
          });
          const copy = staging.getMappedRange(0, bytes).slice(0);
          staging.unmap();
          this.#staging.push(staging);
          return copy;
        } catch (error) {
          staging.destroy();
          throw error;
        }
      },
      drop: () => {
        staging.destroy();
      },
    };
  }

  /** Frees the readback buffers that are kept. */
  dropReadbacks(): void {
    for (const staging of this.#staging.splice(0)) staging.destroy();
  }

  #count(purpose: MemoryPurpose, bytes: number): void {
    const now = (this.#bytes.get(purpose) ?? 0) + bytes;
    this.#bytes.set(purpose, now);
    this.#peaks.set(purpose, Math.max(this.#peaks.get(purpose) ?? 0, now));
    this.#total += bytes;
    this.#peak = Math.max(this.#peak, this.#total);
  }

  /** Every step and token reads back, so a few buffers are kept. Few suffice, since few readbacks overlap. */
  #takeStaging(bytes: number): GPUBuffer {
    const index = this.#staging.findIndex(
      ({ size }) => size >= bytes && size <= Math.max(4 * bytes, SMALL_READ),
    );
    const [kept] = index < 0 ? [] : this.#staging.splice(index, 1);
    if (kept) return kept;
    if (this.#staging.length >= MOST_STAGING) this.#staging.shift()?.destroy();
    return this.#device.gpu.createBuffer({
      label: 'readback',
      size: Math.max(bytes, SMALL_READ),
      usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST,
    });
  }
}
