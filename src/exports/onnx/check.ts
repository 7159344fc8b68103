import { TunesmithError, errorCode } from '../../core/errors';
import type { OnnxNode } from '../../formats/onnx/model';
import type { ModelFolder } from '../../models/folder';
import { checkpointTensors, type ModelSpec } from '../../models/spec';
import { openOnnx } from '../../onnx_runtime/open';
import { onBase, type OtherBase } from '../check/checkpoint';
import { checkColumns } from '../check/columns';
import { compareLogits, productRounding } from '../check/logits';
import { mergedCheck } from '../check/merged_check';
import { NEAREST } from '../check/rounding';
import { checkWrittenTexts } from '../check/texts';
import { checkWeights } from '../check/weights';
import type { WrittenTensor } from '../check/written_tensor';
import type { CheckOptions, ExportCheck, ExportSource } from '../format';
import { exportDiffers } from '../run';
import { checkAdapter } from './adapter_written';
import type { DataFile } from './data_files';
import type { OnnxGraph } from './graph';
import type { Quantization } from './quantizations';
import { withExactProducts } from './pieces/exact_products';
import { logitsByPieces } from './pieces/run_pieces';
import { onnxWritten, tensorReader } from './read_back';
import { readCheckpoint } from './read_checkpoint';
import { withoutAdapter } from './weights';

/** Limits of what ONNX Runtime holds at once, in bytes of weights. WebAssembly's memory never shrinks. */
export interface CheckLimits {
  /** The runtime opens the files themselves if they have no more. It holds them twice meanwhile. */
  readonly whole: number;
  /** It runs the graph of larger ones in pieces of so much. */
  readonly piece: number;
}

const LIMITS: CheckLimits = { whole: 1e9, piece: 2 ** 28 };
/** Exact products of 8-bit weights hold them also in float32, twice. */
const EXACT_BYTES = 9;

export interface CheckedGraph {
  readonly graph: OnnxGraph;
  readonly data: readonly DataFile[];
  /** The path of the model's file. */
  readonly path: string;
  readonly quantization: Quantization;
  /** The weights below the adapter, if they are not those of the open base. */
  readonly base?: OtherBase;
}

/**
 * Reads all weights of a written ONNX model back and compares them with base and adapter; then computes the logits of a
 * few tokens with ONNX Runtime: from the written files at once, or piece by piece if they are large. The result has no
 * difference of logits if the runtime has no memory even for that.
 *
 * @throws TunesmithError `export_onnx_float16` if activations leave float16's range, and the errors of
 *   `checkWrittenTexts`, `checkAdapter`, `checkColumns`, `checkWeights` and `openOnnx`
 */
export async function checkOnnx(
  source: ExportSource,
  { graph, data, path, quantization, base }: CheckedGraph,
  written: ModelFolder,
  { onProgress = () => undefined, signal }: CheckOptions,
  limits: CheckLimits = LIMITS,
): Promise<ExportCheck> {
  const { spec } = source.layout;
  const { besideAdapter = false, roundsActivations = false } = quantization;
  await checkWrittenTexts(source.facts, written);
  const read = tensorReader(data, written);
  const tensors = onnxWritten(spec, graph.weights, read);
  requireAll(spec, tensors);
  if (besideAdapter) await checkAdapter(source, graph.weights, read);
  else await checkColumns(source, { onProgress: (fraction) => onProgress(COLUMNS * fraction), signal });
  const weights = await checkWeights(besideAdapter ? withoutAdapter(source) : source, tensors, {
    ...(base && { base: base.weights }),
    onProgress: (fraction) => onProgress(COLUMNS + WEIGHTS * fraction),
    signal,
  });
  const sample = await source.logits({ signal });
  const { ids } = sample;
  const inPieces = (nodes: readonly OnnxNode[], most: number): Promise<Float32Array> => {
    const { constants, weights: stored, inputs } = graph;
    return logitsByPieces({ nodes, constants, weights: stored, inputs }, read, ids, {
      ...{ most, vocabulary: spec.vocabularySize, signal },
    });
  };
  const isWhole = data.reduce((sum, { size }) => sum + size, 0) <= limits.whole;
  const theirs = await ifRoom(() =>
    isWhole ? runtimeLogits(written, path, ids, signal) : inPieces(graph.nodes, limits.piece),
  );
  const exact = roundsActivations
    ? await ifRoom(() => inPieces(withExactProducts(graph.nodes), limits.piece / EXACT_BYTES))
    : theirs;
  if (!theirs || !exact) return mergedCheck(weights, undefined, base?.measured);
  if (quantization.float === 'float16' && !theirs.every(Number.isFinite)) {
    throw new TunesmithError({ code: 'export_onnx_float16' });
  }
  const device = await source.withBase((base) => Promise.resolve(productRounding(base.device)));
  const ofFloats = Math.max(device, quantization.float === 'float16' ? NEAREST.F16 : NEAREST.F32);
  const ours = besideAdapter
    ? sample.logits
    : await checkGraph(source, { tensors, exact, theirs, rounding: ofFloats, base }, { signal });
  const rounding = roundsActivations ? Math.max(ofFloats, activationRounding(spec)) : ofFloats;
  return mergedCheck(weights, compareLogits({ ours, theirs }, { spec, weights, rounding }), base?.measured);
}

/**
 * Compares the runtime's logits with those that the weights, as they were read back, have here: rounding to a few bits is
 * in both, so that the rest is the rounding of floats. Where products also round activations to 8 bits, that has no useful
 * limit: the logits of the same graph with exact products are compared. Its own must only be nearer than the mean of the
 * expected ones, because outliers among activations can cost most of their precision.
 *
 * @param exact the logits of the graph with exact products
 * @param base as in `CheckedGraph`
 * @returns the logits of base and adapter
 * @throws TunesmithError `export_differs`
 */
async function checkGraph(
  source: ExportSource,
  {
    tensors,
    exact,
    theirs,
    rounding,
    base,
  }: {
    readonly tensors: readonly WrittenTensor[];
    readonly exact: Float32Array;
    readonly theirs: Float32Array;
    readonly rounding: number;
    readonly base: OtherBase | undefined;
  },
  options: CheckOptions,
): Promise<Float32Array> {
  const { spec } = source.layout;
  const checkpoint = readCheckpoint({ ...source.facts, files: [], notes: [] }, spec, tensors);
  const compared = await source.compareWith(checkpoint, {
    ...options,
    ...(base && { reference: onBase(spec, { ...checkpoint, spec }, base.stored) }),
  });
  const ours = compared.theirs;
  const errors = tensors.filter(({ from }) => from.kind !== 'vector').map(() => 0);
  const weights = { share: undefined, errors, error: 0 };
  const { difference, allowed } = compareLogits({ ours, theirs: exact }, { spec, weights, rounding });
  const unexplained = unexplainedShare(ours, theirs);
  // Written with "not", so that NaN fails.
  if (!(difference <= allowed) || !(unexplained < OF_MEAN)) {
    const detail = `The graph's logits differ by ${difference} from those of its weights; ${allowed} is explained.`;
    throw exportDiffers({ detail: `${detail} Share of the variance that is unexplained: ${unexplained}.` });
  }
  return compared.ours;
}

/** The share that the mean of the expected logits leaves unexplained. */
const OF_MEAN = 1;

/** The squared differences of logits, relative to the squared deviations of the expected ones from their mean. */
export function unexplainedShare(expected: Float32Array, found: Float32Array): number {
  const mean = expected.reduce((sum, value) => sum + value, 0) / expected.length;
  let [differences, deviations] = [0, 0];
  expected.forEach((value, i) => {
    differences += (value - (found[i] ?? NaN)) ** 2;
    deviations += (value - mean) ** 2;
  });
  return differences / deviations;
}

/** Throws `export_differs` naming a weight of the base that the graph leaves out. */
export function requireAll(spec: ModelSpec, tensors: readonly Pick<WrittenTensor, 'from'>[]): void {
  const held = new Set(tensors.map(({ from }) => from.name));
  const missing = checkpointTensors(spec).find(({ name }) => !held.has(name));
  if (missing) throw exportDiffers({ detail: `The graph has no ${missing.name}.` });
}

/** The parts of the check's time that comparing columns and reading the weights back take. */
const COLUMNS = 0.2;
const WEIGHTS = 0.5;

/** The logits; undefined if there is no memory for them. */
async function ifRoom(logits: () => Promise<Float32Array>): Promise<Float32Array | undefined> {
  try {
    return await logits();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'onnx_no_memory' || code === 'onnx_too_large') return undefined;
    throw error;
  }
}

/** Logits of the written files, as the chat of the page opens them. */
async function runtimeLogits(
  written: ModelFolder,
  path: string,
  ids: readonly number[],
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const decoder = await openOnnx(written, { device: 'wasm', path, ...(signal && { signal }) });
  try {
    return await decoder.logits(ids);
  } finally {
    await decoder.close();
  }
}

/**
 * The relative error of products that round activations to 255 steps of their range. The range of n values is at most
 * 2 √n of their root mean square, and a step's error is 1 / √12 of it.
 */
function activationRounding(spec: ModelSpec): number {
  const longest = Math.max(...checkpointTensors(spec).map(({ shape }) => shape[1] ?? 1));
  return (2 * Math.sqrt(longest)) / (255 * Math.sqrt(12));
}
