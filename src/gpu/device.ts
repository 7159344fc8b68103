import { TunesmithError } from '../core/errors';
import { BufferPool } from './buffers';
import { Choices, type Chooser } from './choices';
import { deviceFeatures, wantedFeatures, withoutHalf, type DeviceFeatures } from './features';
import type { DeviceHandle } from './handle';
import { PipelineCache } from './pipelines';
import { CommandQueue } from './queue';

export interface DeviceOptions {
  /** Ask for nothing above WebGPU's default limits: what the smallest device gives. */
  readonly defaultLimits?: boolean;
  /** 'none': ask for no feature, so that only plain kernels run. Default: every feature that a kernel uses. */
  readonly features?: 'all' | 'none';
}

export interface DeviceLimits {
  readonly maxStorageBufferBindingSize: number;
  readonly maxBufferSize: number;
  readonly maxComputeWorkgroupsPerDimension: number;
  readonly maxStorageBuffersPerShaderStage: number;
  readonly software: boolean;
  readonly features: DeviceFeatures;
  readonly choose: Chooser;
}

/** 'software': the adapter runs on the CPU (SwiftShader, lavapipe, WARP). */
export type DeviceKind = 'gpu' | 'software';

const WANTED_LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
] as const;
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|basic render|software|warp/i;

/** An opened device with what belongs to it: its queue, its pipelines and the account of its buffers. */
export class Device implements DeviceHandle {
  readonly queue: CommandQueue;
  readonly pipelines: PipelineCache;
  readonly buffers: BufferPool;
  /** The kernels chosen for this device, where several compute the same result. */
  readonly choices = new Choices();
  readonly gpu: GPUDevice;
  readonly kind: DeviceKind;
  /** The adapter's name, for a person. */
  readonly description: string;
  readonly features: DeviceFeatures;
  #failure: TunesmithError | undefined;

  private constructor(gpu: GPUDevice, info: GPUAdapterInfo, kind: DeviceKind, description: string) {
    this.gpu = gpu;
    this.kind = kind;
    this.description = description;
    this.features = deviceFeatures(gpu, info);
    this.queue = new CommandQueue(this);
    this.pipelines = new PipelineCache(this);
    this.buffers = new BufferPool(this);
    gpu.addEventListener('uncapturederror', ({ error }) => {
      const detail = error.message;
      this.#failure ??=
        error instanceof GPUOutOfMemoryError
          ? new TunesmithError({ code: 'gpu_out_of_memory', detail })
          : new TunesmithError({ code: 'gpu_error', detail });
    });
    void gpu.lost.then(({ reason, message }) => {
      // The program destroyed the device itself after an earlier error. That error is the one to report.
      if (reason === 'destroyed' && this.#failure) return;
      this.#failure = new TunesmithError({ code: 'device_lost', detail: `${reason}: ${message}` });
    });
  }

  /** The limits and features that kernels and plans are fitted to. */
  get limits(): DeviceLimits {
    const { limits } = this.gpu;
    const software = this.kind === 'software';
    const { features } = this;
    return {
      maxStorageBufferBindingSize: limits.maxStorageBufferBindingSize,
      maxBufferSize: limits.maxBufferSize,
      maxComputeWorkgroupsPerDimension: limits.maxComputeWorkgroupsPerDimension,
      maxStorageBuffersPerShaderStage: limits.maxStorageBuffersPerShaderStage,
      software,
      features,
      choose: this.choices.choose,
    };
  }

  /** The same without half precision, for results that others are compared with. */
  get float32Limits(): DeviceLimits {
    return withoutHalf(this.limits);
  }

  /** Whether the device was lost or reported an error. Its buffers can't be relied on then; open it again. */
  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Throws the first failure that the device reported asynchronously: `device_lost`, `gpu_out_of_memory`, `gpu_error`. */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  destroy(): void {
    this.gpu.destroy();
  }

  /**
   * Opens the strongest adapter that the given WebGPU has. Throws `webgpu_missing` if there is none at all and
   * `gpu_adapter_missing` if it offers no adapter.
   */
  static async open(webgpu: GPU | undefined, options: DeviceOptions = {}): Promise<Device> {
    if (!webgpu) {
      throw new TunesmithError({ code: 'webgpu_missing' });
    }
    const adapter = await webgpu.requestAdapter({ powerPreference: 'high-performance' });
    if (!adapter) {
      throw new TunesmithError({ code: 'gpu_adapter_missing', values: { found: false } });
    }
    const requiredLimits: Record<string, number> = {};
    if (!options.defaultLimits) for (const name of WANTED_LIMITS) requiredLimits[name] = adapter.limits[name];
    const requiredFeatures = options.features === 'none' ? [] : wantedFeatures(adapter);
    const gpu = await adapter.requestDevice({ requiredLimits, requiredFeatures }).catch((cause: unknown) => {
      throw new TunesmithError({ code: 'gpu_adapter_missing', values: { found: true }, cause });
    });
    const kind = isSoftware(adapter.info) ? 'software' : 'gpu';
    return new Device(gpu, adapter.info, kind, nameOf(adapter.info));
  }
}

function nameOf({ vendor, architecture, device, description }: GPUAdapterInfo): string {
  return [description || device, vendor, architecture].filter((part) => part !== '').join(' · ');
}

/** Whether an adapter runs on the processor. */
export function isSoftware(info: GPUAdapterInfo): boolean {
  return info.isFallbackAdapter || SOFTWARE.test(nameOf(info));
}
