import type { Device } from '../../src/gpu/device';
import type { DenseFormat } from '../../src/ops/weight';
import { makePipeline } from './kernel';

/** What made-up content looks like: 'bits' are codes of four bits or bytes, the others numbers of that format. */
export type Content = 'bits' | DenseFormat;

/** Largest magnitude of made-up float32; of the 16-bit formats it is twice that. */
const SCALE = 1 / 16;
/** Signs, the last two bits of the exponent and the mantissa are drawn; the exponent's other bits are set. */
const HALVES = {
  f16: { keep: 0x8fff_8fff, base: 0x2000_2000 },
  bf16: { keep: 0x81ff_81ff, base: 0x3c00_3c00 },
} as const;

/**
 * Fills buffers on the device. Zeros would do for the arithmetic, but not for figures: a GPU that multiplies zeros draws
 * less power and runs faster than with numbers.
 */
export class Filler {
  readonly #device: Device;
  readonly #pipelines = new Map<Content, Promise<GPUComputePipeline>>();

  constructor(device: Device) {
    this.#device = device;
  }

  /** A buffer that is larger than a binding is filled piece by piece, each with the same. */
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
