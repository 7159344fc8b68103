import { floatsOf, type FloatDtype } from '../core/dtype';
import { compile } from '../graph/compile';
import { plan } from '../graph/plan';
import { Trace } from '../graph/trace';
import { DENSE_FORMATS } from './cast';
import { BoundWeights, type WeightLayout } from './layout';
import type { Model } from './model';
import { unpacked } from '../ops/unpack';

/** Most bytes of a run of rows in float32; a run has at least 64 rows. */
const RUN_BYTES = 16 * 2 ** 20;
/** `unpacked` requires its first row to be a multiple of this. */
const ROW_STEP = 64;

/** Divides a matrix into runs of rows to read at once: each begins at a multiple of 64. */
export function rowRuns(out: number, input: number): { readonly first: number; readonly count: number }[] {
  const step = Math.max(ROW_STEP, Math.floor(RUN_BYTES / (4 * input) / ROW_STEP) * ROW_STEP);
  return Array.from({ length: Math.ceil(out / step) }, (_, index) => {
    const first = index * step;
    return { first, count: Math.min(step, out - first) };
  });
}

/** Runs of up to 64 rows at the begin, in the middle and at the end of a matrix. */
export function sampledRuns(out: number): readonly { readonly first: number; readonly count: number }[] {
  const last = Math.floor((out - 1) / ROW_STEP);
  const runs = new Set([0, Math.floor(last / 2), last]);
  return Array.from(runs, (run) => ({
    first: run * ROW_STEP,
    count: Math.min(ROW_STEP, out - run * ROW_STEP),
  }));
}

/** Reads a norm's weight or a bias from the device. */
export async function readVector(
  { device, layout, buffers }: Model,
  name: string,
): Promise<Float32Array<ArrayBuffer>> {
  const tensor = tensorOf(layout.tensors, name);
  if (tensor.kind !== 'vector') throw new Error(`${name} is no vector`);
  return new Float32Array(await device.buffers.read(bufferOf(buffers, tensor.slot.slot), 0, tensor.size * 4));
}

/** Reads rows of a matrix with the values that kernels compute with, f32 [count, in]. @param run one of `rowRuns` or `sampledRuns` */
export async function readRows(
  base: Model,
  name: string,
  run: { readonly first: number; readonly count: number },
): Promise<Float32Array<ArrayBuffer>> {
  const tensor = tensorOf(base.layout.tensors, name);
  if (tensor.kind === 'vector') throw new Error(`${name} is no matrix`);
  return tensor.kind === 'dense' ? await readDense(base, tensor, run) : await unpackRows(base, name, run);
}

async function readDense(
  { device, buffers }: Model,
  { parts, format, in: input }: Extract<WeightLayout, { kind: 'dense' }>,
  { first, count }: { readonly first: number; readonly count: number },
): Promise<Float32Array<ArrayBuffer>> {
  const rowBytes = input * (format === 'f32' ? 4 : 2);
  const ranges = parts.flatMap(({ slot, firstRow, rows }) => {
    const from = Math.max(first, firstRow);
    const to = Math.min(first + count, firstRow + rows);
    if (from >= to) return [];
    return [
      {
        buffer: bufferOf(buffers, slot),
        offset: (from - firstRow) * rowBytes,
        bytes: (to - from) * rowBytes,
      },
    ];
  });
  return floatsOf(DTYPES[format], new Uint8Array(await device.buffers.readRanges(ranges)));
}

const DTYPES = Object.fromEntries(
  Object.entries(DENSE_FORMATS).map(([dtype, format]) => [format, dtype as FloatDtype]),
) as Readonly<Record<(typeof DENSE_FORMATS)[FloatDtype], FloatDtype>>;

async function unpackRows(
  { device, layout, buffers }: Model,
  name: string,
  rows: { readonly first: number; readonly count: number },
): Promise<Float32Array<ArrayBuffer>> {
  const trace = new Trace();
  const weight = new BoundWeights(trace, layout).weight(name);
  if (weight.kind !== 'packed') throw new Error(`${name} is not packed`);
  const y = unpacked(trace, weight, rows);
  const planned = plan(trace, trace.nodes, { capacity: 1, limits: device.limits, keep: [y] });
  const program = await compile(device, planned, { buffers, purpose: 'loading' });
  try {
    await program.run({});
    return new Float32Array(await program.read(y, 1));
  } finally {
    program.destroy();
  }
}

function tensorOf(tensors: ReadonlyMap<string, WeightLayout>, name: string): WeightLayout {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`the base has no ${name}`);
  return tensor;
}

function bufferOf(buffers: ReadonlyMap<string, GPUBuffer>, slot: string): GPUBuffer {
  const buffer = buffers.get(slot);
  if (!buffer) throw new Error(`no buffer for ${slot}`);
  return buffer;
}
