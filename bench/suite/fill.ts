import type { Device } from '../../src/gpu/device';
import type { DenseFormat } from '../../src/ops/weight';
import { makePipeline } from './kernel';

/** The kind of random contents: 'bits' are codes of four bits or bytes, the others numbers of that format. */
export type Content = 'bits' | DenseFormat;

/** Largest magnitude of random float32 numbers; that of the 16-bit formats is twice as large. */
const SCALE = 1 / 16;
/** Signs, the last two bits of the exponent and the mantissa are random; the exponent's other bits are fixed. */
const HALVES = {
  f16: { keep: 0x8fff_8fff, base: 0x2000_2000 },
  bf16: { keep: 0x81ff_81ff, base: 0x3c00_3c00 },
} as const;

/**
 * Fills buffers on the device with random numbers. Zeros would falsify the figures: a GPU that multiplies zeros draws
 * less power and runs faster.
 */
export class Filler {
  readonly #device: Device;
  readonly #pipelines = new Map<Content, Promise<GPUComputePipeline>>();

  constructor(device: Device) {
    this.#device = device;
  }

  /** Fills a buffer that is larger than a binding piece by piece, each with the same numbers. */
  async fill(buffer: GPUBuffer, content: Content): Promise<void> {
    const { gpu, limits } = this.#device;
    let pipeline = this.#pipelines.get(content);
    if (!pipeline) {
      pipeline = makePipeline(this.#device, { name: 'fill', overrides: overridesFor(content) });
      this.#pipelines.set(content, pipeline);
    }
    const made = await pipeline;
    const encoder = gpu.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(made);
    const most = limits.maxStorageBufferBindingSize - (limits.maxStorageBufferBindingSize % 256);
    for (let offset = 0; offset < buffer.size; offset += most) {
      const size = Math.min(most, buffer.size - offset);
      const entries = [{ binding: 0, resource: { buffer, offset, size } }];
      pass.setBindGroup(0, gpu.createBindGroup({ layout: made.getBindGroupLayout(0), entries }));
      pass.dispatchWorkgroups(Math.min(4096, Math.ceil(size / 256)));
    }
    pass.end();
    gpu.queue.submit([encoder.finish()]);
  }
}

function overridesFor(content: Content): Record<string, number> {
  if (content === 'bits') return { kind: 0 };
  return content === 'f32' ? { kind: 1, scale: SCALE } : { kind: 2, ...HALVES[content] };
}
