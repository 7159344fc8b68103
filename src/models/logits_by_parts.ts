import { f16ToF32, f32ToF16 } from '../core/dtype';
import type { LoadSettings } from '../core/settings/settings';
import { compile } from '../graph/compile';
import { plan } from '../graph/plan';
import { Trace } from '../graph/trace';
import type { Device } from '../gpu/device';
import { headLogits } from '../ops/head_cross_entropy';
import type { Tensor } from '../ops/op';
import type { Adapter } from './adapter';
import { BoundAdapter } from './adapters/bound';
import { decoderBlocks, headWeight, lastNorm } from './decoder';
import type { Checkpoint } from './files';
import { boundCaches } from './generation_graph';
import { BoundWeights, type ModelLayout, type WeightLayout } from './layout';
import { layoutOf, loadWeights } from './load';
import type { Model } from './model';
import { SequenceCache } from './sequence_cache';
import { checkpointTensors, embeddingName, headName, type ModelSpec } from './spec';
import { readWeightRows, rowsOfWeight, type Rows } from './stored/stored_rows';
import type { StoredWeight } from './stored/stored_weight';

export interface ByPartsOptions {
  /** Stands around the maps of the checkpoint. It is on the device. */
  readonly adapter?: Adapter | undefined;
  /** Called before each part with the number of parts that are done, and of all. */
  readonly onProgress?: ((done: number, parts: number) => void) | undefined;
  /** Stops between the pieces of a part. */
  readonly signal?: AbortSignal | undefined;
}

/** Most bytes of the head on the device at once. */
const HEAD_BYTES = 32 * 2 ** 20;

const AS_STORED: LoadSettings = { load_in_4bit: false, bnb_4bit_use_double_quant: false, dtype: 'auto' };

/**
 * Logits of every token, f32 [tokens, vocabulary], as `loadModel` with weights as stored and `allLogits` compute them.
 * The device holds one block, or a part of the head, at a time, so that it needs no room for the whole model. Reads each
 * weight once. Throws the errors of reading and of the device.
 *
 * @param ids few tokens, because all of them run at once
 */
export async function logitsByParts(
  device: Device,
  checkpoint: Checkpoint,
  ids: readonly number[],
  { adapter, onProgress = () => undefined, signal }: ByPartsOptions = {},
): Promise<Float32Array<ArrayBuffer>> {
  const { spec } = checkpoint;
  const whole = layoutOf(checkpoint, AS_STORED, device.limits.maxStorageBufferBindingSize);
  const layout = { ...whole, positions: ids.length };
  const head = denseLayout(layout, spec.tiedHead ? embeddingName(spec) : headName());
  const windows = headWindows(head, HEAD_BYTES);
  const parts = spec.blocks.length + windows.length;
  const loaded = async <T>(
    part: ModelLayout,
    work: (model: Model) => Promise<T>,
    from = checkpoint,
  ): Promise<T> => {
    const model = await loadWeights(device, from, part, undefined, signal);
    try {
      return await work(model);
    } finally {
      model.destroy();
    }
  };
  let hidden = await embeddings(checkpoint, layout, ids);
  for (const block of spec.blocks.keys()) {
    onProgress(block, parts);
    hidden = await loaded(blockLayout(layout, block), (model) =>
      runBlock(model, adapter, hidden, ids.length),
    );
  }
  const { vocabularySize } = spec;
  const logits = new Float32Array(ids.length * vocabularySize);
  for (const [index, rows] of windows.entries()) {
    onProgress(spec.blocks.length + index, parts);
    const part = headPart(checkpoint, layout, head, rows);
    const some = await loaded(part.layout, (model) => runHead(model, hidden, ids.length), part.checkpoint);
    const stride = some.length / ids.length;
    for (const row of ids.keys()) {
      logits.set(some.subarray(row * stride, row * stride + rows.count), row * vocabularySize + rows.first);
    }
  }
  onProgress(parts, parts);
  adapter?.changed();
  return logits;
}

/** Hidden states before the first block, f32 [tokens, hidden], in the way of the op `embedding`. */
async function embeddings(
  { spec, stored }: Checkpoint,
  layout: ModelLayout,
  ids: readonly number[],
): Promise<Float32Array<ArrayBuffer>> {
  const { hiddenSize, vocabularySize, embeddingScale } = spec;
  const name = embeddingName(spec);
  const table = storedWeight(stored, name);
  // A dequantised table is rounded when it is loaded.
  const isRounded = table.kind !== 'dense' && denseLayout(layout, name).format === 'f16';
  const hidden = new Float32Array(ids.length * hiddenSize);
  for (const [row, id] of ids.entries()) {
    const exact = await readWeightRows(table, vocabularySize, { first: id, count: 1 });
    const values = isRounded ? f16ToF32(f32ToF16(exact)) : exact;
    const scale = Math.fround(embeddingScale);
    hidden.set(
      values.map((value) => value * scale),
      row * hiddenSize,
    );
  }
  return hidden;
}

/** The layout of one block: the spec keeps its number and has no layers in all other blocks. */
function blockLayout(layout: ModelLayout, block: number): ModelLayout {
  const spec = {
    ...layout.spec,
    blocks: layout.spec.blocks.map((own, index) => (index === block ? own : [])),
  };
  const apart = new Set(checkpointTensors({ ...spec, blocks: [] }).map(({ name }) => name));
  const names = checkpointTensors(spec).filter(({ name }) => !apart.has(name));
  return { ...layout, spec, tensors: new Map(names.map(({ name }) => [name, tensorOf(layout, name)])) };
}

/** @param hidden f32 [tokens, hidden] */
async function runBlock(
  model: Model,
  adapter: Adapter | undefined,
  hidden: Float32Array<ArrayBuffer>,
  tokens: number,
): Promise<Float32Array<ArrayBuffer>> {
  const { layout } = model;
  // The derived values follow from this block's weights.
  adapter?.changed();
  await adapter?.ready(model);
  const cache = new SequenceCache(model, tokens);
  const trace = new Trace();
  const y = decoderBlocks(
    trace,
    layout.spec,
    new BoundWeights(trace, layout),
    adapter && new BoundAdapter(trace, adapter.layout, false),
    trace.bound(HIDDEN, 'f32', ['rows', layout.spec.hiddenSize]),
    { rows: { kind: 'cache' }, caches: boundCaches(trace, layout.spec, tokens) },
  );
  try {
    const buffers = new Map([...model.buffers, ...cache.buffers, ...(adapter?.buffers ?? [])]);
    return await runOnce(model.device, trace, { buffers, hidden, tokens, y });
  } finally {
    cache.destroy();
  }
}

/** Logits of a part of the vocabulary, f32 [tokens, padded part]. */
async function runHead(
  { device, layout, buffers }: Model,
  hidden: Float32Array<ArrayBuffer>,
  tokens: number,
): Promise<Float32Array<ArrayBuffer>> {
  const { spec } = layout;
  const trace = new Trace();
  const weights = new BoundWeights(trace, layout);
  const x = lastNorm(trace, spec, weights, trace.bound(HIDDEN, 'f32', ['rows', spec.hiddenSize]));
  const y = headLogits(trace, { hidden: x, head: headWeight(spec, weights) });
  return await runOnce(device, trace, { buffers, hidden, tokens, y });
}

const HIDDEN = 'hidden';

interface Once {
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  readonly hidden: Float32Array<ArrayBuffer>;
  readonly tokens: number;
  readonly y: Tensor;
}

async function runOnce(
  device: Device,
  trace: Trace,
  { buffers, hidden, tokens, y }: Once,
): Promise<Float32Array<ArrayBuffer>> {
  const planned = plan(trace, trace.nodes, { capacity: tokens, limits: device.float32Limits, keep: [y] });
  const program = await compile(device, planned, { buffers, inputs: [HIDDEN], purpose: 'loading' });
  try {
    program.write(HIDDEN, hidden);
    await program.run({ rows: tokens, past: 0 });
    return new Float32Array(await program.read(y, tokens));
  } finally {
    program.destroy();
  }
}

type DenseLayout = Extract<WeightLayout, { kind: 'dense' }>;

function headWindows({ out, in: input, format }: DenseLayout, most: number): readonly Rows[] {
  const rowBytes = input * (format === 'f32' ? 4 : 2);
  const step = Math.max(64, Math.floor(most / rowBytes / 64) * 64);
  return Array.from({ length: Math.ceil(out / step) }, (_, index) => {
    const first = index * step;
    return { first, count: Math.min(step, out - first) };
  });
}

/** The last norm with rows of the head, as a checkpoint whose head has only these rows. */
function headPart(
  checkpoint: Checkpoint,
  layout: ModelLayout,
  { format, out, in: input }: DenseLayout,
  rows: Rows,
): { readonly checkpoint: Checkpoint; readonly layout: ModelLayout } {
  const { spec, stored } = checkpoint;
  const name = spec.tiedHead ? embeddingName(spec) : headName();
  const norm = `${spec.root}.${spec.finalNorm.name}.weight`;
  const bytes = rows.count * input * (format === 'f32' ? 4 : 2);
  const some: DenseLayout = {
    ...{ kind: 'dense', format, out: rows.count, in: input },
    parts: [{ slot: name, bytes, firstRow: 0, rows: rows.count }],
  };
  const tensors = new Map([
    [norm, tensorOf(layout, norm)],
    [name, some],
  ]);
  const ofRows = new Map([...stored, [name, rowsOfWeight(storedWeight(stored, name), out, rows)]]);
  const ofHead: ModelSpec = { ...spec, rotary: [], blocks: [] };
  return { checkpoint: { ...checkpoint, stored: ofRows }, layout: { ...layout, spec: ofHead, tensors } };
}

function denseLayout(layout: ModelLayout, name: string): DenseLayout {
  const found = tensorOf(layout, name);
  if (found.kind !== 'dense') throw new Error(`${name} is not dense`);
  return found;
}

function tensorOf({ tensors }: ModelLayout, name: string): WeightLayout {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`the model has no ${name}`);
  return tensor;
}

function storedWeight(stored: ReadonlyMap<string, StoredWeight>, name: string): StoredWeight {
  const weight = stored.get(name);
  if (!weight) throw new Error(`${name} is not stored`);
  return weight;
}
