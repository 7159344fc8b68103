import type { Device } from '../../src/gpu/device';
import { timeDispatches, type TimeSource } from '../../src/gpu/timing';
import type { Measurement } from './measure';

const SOURCES = import.meta.glob<string>('../shaders/*.wgsl', {
  query: '?raw',
  import: 'default',
  eager: true,
});

export interface PipelineRequest {
  /** bench/shaders/<name>.wgsl */
  readonly name: string;
  readonly entryPoint?: string;
  /** Lines before the kernel. */
  readonly prelude?: string;
  readonly overrides?: Readonly<Record<string, number>>;
}

export interface KernelRequest extends PipelineRequest {
  readonly buffers: readonly GPUBuffer[];
  readonly workgroups: number;
}

/** A kernel of the bench itself, not of an op. */
export interface Kernel {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [x: number, y: number, z: number];
}

export async function makePipeline(
  { gpu }: Device,
  { name, entryPoint = name, prelude = '', overrides = {} }: PipelineRequest,
): Promise<GPUComputePipeline> {
  const module = gpu.createShaderModule({
    label: name,
    code: `${prelude}\n${SOURCES[`../shaders/${name}.wgsl`] ?? ''}`,
  });
  return await gpu.createComputePipelineAsync({
    label: name,
    layout: 'auto',
    compute: { module, entryPoint, constants: overrides },
  });
}

export async function makeKernel(
  device: Device,
  { buffers, workgroups, ...request }: KernelRequest,
): Promise<Kernel> {
  const pipeline = await makePipeline(device, request);
  const bindGroup = device.gpu.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  return { pipeline, bindGroup, workgroups: [workgroups, 1, 1] };
}

/** Times dispatches of a kernel. */
export function timedKernel(device: Device, kernel: Kernel): Timed {
  return async (repeats, source) => {
    const { seconds } = await timeDispatches(device, [{ ...kernel, repeats }], { source });
    return seconds[0] ?? NaN;
  };
}

/** Makes several runs in a row, and returns the seconds of one. */
export type Timed = (repeats: number, source: TimeSource) => Promise<number>;

/** Shortest duration of a sample: clocks are coarse, and browsers make them coarser. */
const LEAST_SECONDS = { gpu: 0.005, software: 0.01 };
const MOST_REPEATS = 512;

/**
 * A measurement that repeats the work until the clock can measure it. Uses the wall clock if the device has no
 * timestamps, or invalid ones.
 */
export async function repeated(device: Device, timed: Timed): Promise<Measurement> {
  const least = LEAST_SECONDS[device.kind];
  let source: TimeSource = device.features.timestamps ? 'timestamps' : 'wall clock';
  let repeats = 1;
  for (;;) {
    const seconds = (await timed(repeats, source)) * repeats;
    if (Number.isNaN(seconds) && source === 'timestamps') {
      source = 'wall clock';
      continue;
    }
    if (!(seconds < least) || repeats >= MOST_REPEATS) break;
    const factor = Math.min(16, Math.max(2, Math.ceil(least / Math.max(seconds, least / 16))));
    repeats = Math.min(MOST_REPEATS, repeats * factor);
  }
  const [chosen, clock] = [repeats, source];
  return { warm: true, run: async () => await timed(chosen, clock) };
}
