import type { Device } from '../../src/gpu/device';
import type { Filler } from './fill';
import { makeKernel, repeated, timedKernel } from './kernel';
import type { Measurement } from './measure';
import type { Limit, Unit } from './results';

/** One of the device's limits. */
export interface LimitMeasurement extends Measurement {
  readonly name: string;
  readonly unit: Unit;
  /** Operations or bytes of one run; the figure is their rate. If absent, the figure is the time. */
  readonly work?: number;
  /** The limit with which other figures are compared, if this measures one. */
  readonly limit?: Limit;
  readonly note?: string;
}

export interface Limits {
  readonly measurements: readonly LimitMeasurement[];
  destroy(): void;
}

/** Threads of a workgroup in the bench's kernels. */
const THREADS = 64;
/** Enough threads to fill any GPU. A software adapter has few cores, and its dispatches must stay short. */
const WORKGROUPS = { gpu: 8192, software: 256 };
const ITERATIONS = { gpu: 128, software: 64 };
/** Two of these are more than any cache of a GPU holds. */
const COPY_BYTES = { gpu: 2 ** 28, software: 2 ** 24 };
/** Multiply-adds of a thread in one iteration of shaders/fma.wgsl. */
const CHAINS = 64;
/** Products of a subgroup in one iteration of shaders/subgroup_matrix.wgsl. */
const PRODUCTS = 4;

const NAMES = { fma: 'f32 multiply-add', bandwidth: 'copy by a kernel' } as const;

/** The names of the figures with which others are compared. */
export const LIMIT_NAMES: Readonly<Record<Limit, string>> = NAMES;

/** Measurements of the device's peak rates, ready to run. */
export async function deviceLimits(device: Device, filler: Filler): Promise<Limits> {
  const { kind, features } = device;
  const buffers: GPUBuffer[] = [];
  const buffer = (label: string, bytes: number): GPUBuffer => {
    const made = device.buffers.create('other', label, bytes);
    buffers.push(made);
    return made;
  };
  const measurements: LimitMeasurement[] = [];
  const workgroups = WORKGROUPS[kind];
  const overrides = { iterations: ITERATIONS[kind] };

  const sums = buffer('sums', workgroups * THREADS * 16);
  const work = 2 * CHAINS * overrides.iterations * workgroups * THREADS;
  const fma = async (prelude: string): Promise<Measurement> => {
    const request = {
      name: 'fma',
      entryPoint: 'fma_chains',
      prelude,
      overrides,
      buffers: [sums],
      workgroups,
    };
    return await repeated(device, timedKernel(device, await makeKernel(device, request)));
  };
  measurements.push({
    ...(await fma('alias vector = vec4<f32>;')),
    ...{ name: NAMES.fma, unit: 'FLOP/s', work, limit: 'fma' },
  });
  if (features.f16) {
    const half = await fma('enable f16;\nalias vector = vec4<f16>;');
    measurements.push({ ...half, name: 'f16 multiply-add', unit: 'FLOP/s', work });
  }
  const matrix = await matrixRate(device, filler, buffer);
  if (matrix) measurements.push(matrix);
  measurements.push(...(await bandwidth(device, buffer)));
  measurements.push(...(await costs(device, buffer)));
  return {
    measurements,
    destroy: () => {
      for (const made of buffers) device.buffers.destroy('other', made);
    },
  };
}

type MakeBuffer = (label: string, bytes: number) => GPUBuffer;

async function matrixRate(
  device: Device,
  filler: Filler,
  buffer: MakeBuffer,
): Promise<LimitMeasurement | undefined> {
  const { kind, features } = device;
  if (!features.matrix || !features.f16) return undefined;
  const { M, N, K } = features.matrix;
  const workgroups = WORKGROUPS[kind] / 4;
  const threads = Math.max(THREADS, features.subgroups?.max ?? 0);
  const iterations = 4 * ITERATIONS[kind];
  const size = buffer('subgroup size', 4);
  const factors = buffer('factors', Math.max(M, N) * K * 2);
  await filler.fill(factors, 'f16');
  const kernel = await makeKernel(device, {
    name: 'subgroup_matrix',
    prelude: [
      'enable f16;',
      'enable subgroups;',
      'enable chromium_experimental_subgroup_matrix;',
      `const M = ${M}u; const N = ${N}u; const K = ${K}u;`,
    ].join('\n'),
    overrides: { iterations, threads },
    buffers: [factors, buffer('products', workgroups * PRODUCTS * M * N * 4), size],
    workgroups,
  });
  const measurement = await repeated(device, timedKernel(device, kernel));
  const [invocations = 1] = new Uint32Array(await device.buffers.read(size));
  const products = (PRODUCTS * iterations * workgroups * threads) / invocations;
  return {
    ...measurement,
    ...{ name: 'subgroup-matrix multiply-add', unit: 'FLOP/s', work: 2 * M * N * K * products },
    note: `${M} × ${N} × ${K}, f16 in, f32 accumulated; subgroups of ${invocations}`,
  };
}

/** Bytes read and written, by a kernel and by the queue's own copy. */
async function bandwidth(device: Device, buffer: MakeBuffer): Promise<LimitMeasurement[]> {
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  const bytes = Math.min(COPY_BYTES[device.kind], maxStorageBufferBindingSize, maxBufferSize);
  const [x, y] = [buffer('copied', bytes), buffer('copy', bytes)];
  const workgroups = Math.min(16384, bytes / 16 / THREADS);
  const kernel = await makeKernel(device, { name: 'copy', buffers: [x, y], workgroups });
  const byKernel = await repeated(device, timedKernel(device, kernel));
  const byQueue = await repeated(device, async (repeats) => {
    const encoder = device.gpu.createCommandEncoder();
    for (let i = 0; i < repeats; i++) encoder.copyBufferToBuffer(x, 0, y, 0, bytes);
    return (await submitted(device, encoder)) / repeats;
  });
  return [
    { ...byKernel, name: NAMES.bandwidth, unit: 'B/s', work: 2 * bytes, limit: 'bandwidth' },
    { ...byQueue, name: 'copy by the queue', unit: 'B/s', work: 2 * bytes },
  ];
}

/** The fixed costs of dispatches and submits. */
async function costs(device: Device, buffer: MakeBuffer): Promise<LimitMeasurement[]> {
  const counter = buffer('counter', 4);
  const kernel = await makeKernel(device, { name: 'touch', buffers: [counter], workgroups: 1 });
  const dispatch = await repeated(device, timedKernel(device, kernel));
  return [
    { ...dispatch, name: 'a dispatch', unit: 's', note: 'one of many in a pass, each waiting for the last' },
    {
      ...{ name: 'a submit', unit: 's', note: 'until it is known to be done' },
      run: () => submitted(device, device.gpu.createCommandEncoder()),
    },
    {
      ...{ name: 'a readback', unit: 's', note: '4 bytes' },
      run: async () => {
        const started = performance.now();
        await device.buffers.read(counter);
        return (performance.now() - started) / 1000;
      },
    },
  ];
}

/** Seconds by the wall clock from the submit to the notice of its end. */
async function submitted(device: Device, encoder: GPUCommandEncoder): Promise<number> {
  const { queue } = device.gpu;
  const commands = encoder.finish();
  const started = performance.now();
  queue.submit([commands]);
  await queue.onSubmittedWorkDone();
  device.check();
  return (performance.now() - started) / 1000;
}
