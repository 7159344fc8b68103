import { TunesmithError } from '../core/errors';
import type { DeviceHandle } from './handle';
import { throwLoss } from './loss';
import { shaderSource, type ShaderConstants } from './shaders';

export interface PipelineRequest {
  readonly kernel: string;
  readonly constants: ShaderConstants;
  readonly overrides: Readonly<Record<string, number>>;
  /** One per storage binding, from @binding(1) on: whether the kernel writes it. */
  readonly writes: readonly boolean[];
  /** A uniform follows them. */
  readonly words?: boolean;
}

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** Makes each pipeline once, in parallel and off the main thread. */
export class PipelineCache {
  readonly #device: DeviceHandle;
  readonly #pipelines = new Map<string, Promise<Pipeline>>();
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #layouts = new Map<string, GPUBindGroupLayout>();

  constructor(device: DeviceHandle) {
    this.#device = device;
  }

  /** Pipelines made so far; constant once a program has been compiled. */
  get size(): number {
    return this.#pipelines.size;
  }

  /** Throws `shader_rejected` with the compiler's message if the driver rejects the kernel, or what the device reported. */
  get(request: PipelineRequest): Promise<Pipeline> {
    const key = JSON.stringify([
      request.kernel,
      request.constants,
      request.overrides,
      request.writes,
      request.words,
    ]);
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#make(request);
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  async #make({ kernel, constants, overrides, writes, words = false }: PipelineRequest): Promise<Pipeline> {
    const module = this.#module(kernel, constants);
    const layout = this.#layout(writes, words);
    const entryPoint = kernel.slice(kernel.lastIndexOf('/') + 1);
    try {
      const pipeline = await this.#device.gpu.createComputePipelineAsync({
        label: kernel,
        layout: this.#device.gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint, constants: overrides },
      });
      return { pipeline, layout };
    } catch (cause) {
      // A browser whose GPU process has ended refuses this too.
      const { messages } = await module.getCompilationInfo().catch(() => ({ messages: [] }));
      if (messages.length === 0) await throwLoss(this.#device);
      throw new TunesmithError({
        code: 'shader_rejected',
        values: { kernel },
        detail: messages.map(({ lineNum, message }) => `${kernel}:${lineNum}: ${message}`).join('\n'),
        cause,
      });
    }
  }

  #module(kernel: string, constants: ShaderConstants): GPUShaderModule {
    const code = shaderSource(kernel, constants);
    let module = this.#modules.get(code);
    if (!module) {
      module = this.#device.gpu.createShaderModule({ label: kernel, code });
      this.#modules.set(code, module);
    }
    return module;
  }

  #layout(writes: readonly boolean[], words: boolean): GPUBindGroupLayout {
    const key = `${writes.map(Number).join('')}${words ? 'w' : ''}`;
    let layout = this.#layouts.get(key);
    if (!layout) {
      const visibility = GPUShaderStage.COMPUTE;
      const storage = writes.map((writable, index): GPUBindGroupLayoutEntry => ({
        binding: index + 1,
        visibility,
        buffer: { type: writable ? 'storage' : 'read-only-storage' },
      }));
      const uniform = (binding: number): GPUBindGroupLayoutEntry => ({
        binding,
        visibility,
        buffer: { type: 'uniform' },
      });
      const last = words ? [uniform(writes.length + 1)] : [];
      layout = this.#device.gpu.createBindGroupLayout({ entries: [uniform(0), ...storage, ...last] });
      this.#layouts.set(key, layout);
    }
    return layout;
  }
}
