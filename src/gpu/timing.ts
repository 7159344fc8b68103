import type { Device } from './device';

/** One dispatch to time. */
export interface TimedDispatch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: readonly [x: number, y: number, z: number];
  /** How many times to dispatch in a row; the result is the time of one. Default 1. */
  readonly repeats?: number;
}

/** 'timestamps': taken by the device itself; 'wall clock': from submitting to being told that it is done. */
export type TimeSource = 'timestamps' | 'wall clock';

export interface DispatchTimes {
  /** Seconds of one dispatch each; NaN if the device's timestamps make no sense (an end before its beginning). */
  readonly seconds: Float64Array<ArrayBuffer>;
  readonly source: TimeSource;
}

export interface TimingOptions {
  /** Timestamps where the device has them, unless given. */
  readonly source?: TimeSource;
}

/** WebGPU's limit on the entries of a query set; a dispatch takes two. */
const MOST_QUERIES = 4096;
const MOST_DISPATCHES = MOST_QUERIES / 2;
/** Submits grow while they are shorter than this, and shrink if they take more than twice as long. */
const SUBMIT_SECONDS = 0.05;
const FIRST_DISPATCHES = 4;
/** The number of empty submits that measure the latency of a submit. */
const EMPTY_SUBMITS = 5;

/**
 * Runs the dispatches in order, each in a pass of its own, and times each. Afterwards their results are there, as if run
 * in one pass (as often as `repeats` says).
 *
 * Browsers round timestamps to 100 µs, and Dawn to 65.5 µs by default. A shorter dispatch needs `repeats` that take
 * milliseconds together. The wall clock includes the latency of a submit, which is measured and subtracted; the time of a
 * dispatch shorter than that latency is mostly noise.
 *
 * Throws what the device reports.
 */
export async function timeDispatches(
  device: Device,
  dispatches: readonly TimedDispatch[],
  { source = device.features.timestamps ? 'timestamps' : 'wall clock' }: TimingOptions = {},
): Promise<DispatchTimes> {
  await device.queue.idle();
  const seconds =
    source === 'timestamps' ? await byTimestamps(device, dispatches) : await byWallClock(device, dispatches);
  return { seconds, source };
}

/** Seconds of a dispatch from the nanoseconds at which its pass began and ended; NaN if they make no sense. */
export function secondsBetween(begin: bigint, end: bigint, repeats: number): number {
  // A query that was never written holds zeros.
  if (end < begin || end === 0n) return NaN;
  return Number(end - begin) / 1e9 / repeats;
}

async function byTimestamps(
  device: Device,
  dispatches: readonly TimedDispatch[],
): Promise<Float64Array<ArrayBuffer>> {
  const { gpu } = device;
  const seconds = new Float64Array(dispatches.length);
  const count = Math.min(dispatches.length, MOST_DISPATCHES) * 2;
  if (count === 0) return seconds;
  const querySet = gpu.createQuerySet({ label: 'timing', type: 'timestamp', count });
  const usage = GPUBufferUsage.QUERY_RESOLVE | GPUBufferUsage.COPY_SRC;
  const stamps = gpu.createBuffer({ label: 'timing', size: count * 8, usage });
  try {
    let most = FIRST_DISPATCHES;
    for (let first = 0; first < dispatches.length;) {
      const chunk = dispatches.slice(first, first + Math.min(most, MOST_DISPATCHES));
      const encoder = gpu.createCommandEncoder();
      chunk.forEach((dispatch, index) => {
        const timestampWrites = {
          querySet,
          beginningOfPassWriteIndex: 2 * index,
          endOfPassWriteIndex: 2 * index + 1,
        };
        encode(encoder, dispatch, { timestampWrites });
      });
      encoder.resolveQuerySet(querySet, 0, 2 * chunk.length, stamps, 0);
      const started = performance.now();
      gpu.queue.submit([encoder.finish()]);
      const times = new BigUint64Array(await device.buffers.read(stamps, 0, chunk.length * 16));
      const elapsed = (performance.now() - started) / 1000;
      chunk.forEach(({ repeats = 1 }, index) => {
        const [begin = 0n, end = 0n] = times.subarray(2 * index, 2 * index + 2);
        seconds[first + index] = secondsBetween(begin, end, repeats);
      });
      first += chunk.length;
      if (elapsed < SUBMIT_SECONDS) most *= 2;
      else if (elapsed > 2 * SUBMIT_SECONDS) most = Math.max(1, most >> 1);
    }
    return seconds;
  } finally {
    querySet.destroy();
    stamps.destroy();
  }
}

async function byWallClock(
  device: Device,
  dispatches: readonly TimedDispatch[],
): Promise<Float64Array<ArrayBuffer>> {
  let latency = Infinity;
  for (let i = 0; i < EMPTY_SUBMITS; i++) {
    latency = Math.min(latency, await submitted(device, device.gpu.createCommandEncoder()));
  }
  const seconds = new Float64Array(dispatches.length);
  for (const [index, dispatch] of dispatches.entries()) {
    const encoder = device.gpu.createCommandEncoder();
    encode(encoder, dispatch);
    seconds[index] = Math.max(0, (await submitted(device, encoder)) - latency) / (dispatch.repeats ?? 1);
  }
  return seconds;
}

function encode(
  encoder: GPUCommandEncoder,
  { pipeline, bindGroup, workgroups, repeats = 1 }: TimedDispatch,
  descriptor?: GPUComputePassDescriptor,
): void {
  const pass = encoder.beginComputePass(descriptor);
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  for (let i = 0; i < repeats; i++) pass.dispatchWorkgroups(...workgroups);
  pass.end();
}

/** Seconds from submitting to being told that it is done. */
async function submitted(device: Device, encoder: GPUCommandEncoder): Promise<number> {
  const { queue } = device.gpu;
  const commands = encoder.finish();
  const started = performance.now();
  queue.submit([commands]);
  // A lost device rejects; `check` reports it with words for a person.
  await queue.onSubmittedWorkDone().catch(() => undefined);
  device.check();
  return (performance.now() - started) / 1000;
}
