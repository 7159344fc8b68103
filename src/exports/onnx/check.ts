import { TunesmithError, errorCode } from '../../core/errors';
import type { ModelFolder } from '../../models/folder';
import { checkpointTensors, type ModelSpec } from '../../models/spec';
import { openOnnx } from '../../onnx_runtime/open';
import { checkColumns } from '../check/columns';
import { compareLogits, productRounding } from '../check/logits';
import { NEAREST } from '../check/rounding';
import { checkWrittenTexts } from '../check/texts';
import { checkWeights } from '../check/weights';
import type { WrittenTensor } from '../check/written_tensor';
import type { CheckOptions, ExportCheck, ExportSource, SampleLogits } from '../format';
import { exportDiffers } from '../run';
import type { DataFile } from './data_files';
import type { OnnxGraph } from './graph';
import type { Quantization } from './quantizations';
import { onnxWritten } from './read_back';
import { readCheckpoint } from './read_checkpoint';
import { withoutAdapter } from './weights';

/** ONNX Runtime holds the files twice while it opens them, and WebAssembly's memory never shrinks. */
const MOST_BYTES = 1e9;

export interface CheckedGraph {
  readonly graph: OnnxGraph;
  readonly data: readonly DataFile[];
  /** The path of the model's file. */
  readonly path: string;
  readonly quantization: Quantization;
}

/**
 * Reads all weights of a written ONNX model back and compares them with base and adapter; then computes the logits of a
 * few tokens from the written files with ONNX Runtime, unless they are too large for that.
 *
 * @throws TunesmithError `export_onnx_float16` if activations leave float16's range, and the errors of `checkColumns`,
 *   `checkWeights` and `openOnnx`
 */
export async function checkOnnx(
  source: ExportSource,
  { graph, data, path, quantization }: CheckedGraph,
  written: ModelFolder,
  { onProgress = () => undefined, signal }: CheckOptions,
): Promise<ExportCheck> {
  const { spec } = source.layout;
  await checkWrittenTexts(source.facts, written);
  if (!quantization.besideAdapter) {
    await checkColumns(source, { onProgress: (fraction) => onProgress(COLUMNS * fraction), signal });
  }
  const tensors = onnxWritten(spec, graph.weights, data, written);
  requireAll(spec, tensors);
  const weights = await checkWeights(quantization.besideAdapter ? withoutAdapter(source) : source, tensors, {
    onProgress: (fraction) => onProgress(COLUMNS + WEIGHTS * fraction),
    signal,
  });
  const sample = await source.logits({ signal });
  const theirs =
    data.reduce((sum, { size }) => sum + size, 0) <= MOST_BYTES
      ? await runtimeLogits(written, path, sample, signal)
      : undefined;
  if (!theirs) {
    const { share, error } = weights;
    return { difference: null, allowed: 0, weightError: error, ...(share !== undefined && { share }) };
  }
  if (quantization.float === 'float16' && !theirs.every(Number.isFinite)) {
    throw new TunesmithError({ code: 'export_onnx_float16' });
  }
  const device = await source.withBase((base) => Promise.resolve(productRounding(base.device)));
  const rounding = Math.max(device, roundingOf(spec, quantization));
  if (!quantization.besideAdapter) await checkGraph(source, { tensors, theirs, rounding }, { signal });
  return compareLogits({ ours: sample.logits, theirs }, { spec, weights, rounding });
}

/**
 * Compares the runtime's logits with those that the weights, as they were read back, have here: rounding to a few bits is
 * in both, so that the rest is the rounding of the runtime's arithmetic. If that rounding has no useful limit, because
 * activations are rounded to 8 bits, the runtime's logits must at least explain more than half of the variance.
 *
 * @throws TunesmithError `export_differs`
 */
async function checkGraph(
  source: ExportSource,
  {
    tensors,
    theirs,
    rounding,
  }: {
    readonly tensors: readonly WrittenTensor[];
    readonly theirs: Float32Array;
    readonly rounding: number;
  },
  options: CheckOptions,
): Promise<void> {
  const { spec } = source.layout;
  const checkpoint = readCheckpoint({ ...source.facts, files: [], notes: [] }, spec, tensors);
  const { theirs: ours } = await source.compareWith(checkpoint, options);
  const errors = tensors.filter(({ from }) => from.kind !== 'vector').map(() => 0);
  const weights = { share: undefined, errors, error: 0 };
  const { difference, allowed } = compareLogits({ ours, theirs }, { spec, weights, rounding });
  const unexplained = unexplainedShare(ours, theirs);
  // Written with "not", so that NaN fails.
  if (difference === null || !(difference <= allowed) || !(unexplained < HALF)) {
    const detail = `The graph's logits differ by ${difference} from those of its weights; ${allowed} is explained.`;
    throw exportDiffers({ detail: `${detail} Share of the variance that is unexplained: ${unexplained}.` });
  }
}

const HALF = 0.5;

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

/** undefined if there is no memory for it. */
async function runtimeLogits(
  written: ModelFolder,
  path: string,
  { ids }: SampleLogits,
  signal: AbortSignal | undefined,
): Promise<Float32Array | undefined> {
  try {
    const decoder = await openOnnx(written, { device: 'wasm', path, ...(signal && { signal }) });
    try {
      return await decoder.logits(ids);
    } finally {
      await decoder.close();
    }
  } catch (error) {
    const code = errorCode(error);
    if (code === 'onnx_no_memory' || code === 'onnx_too_large') return undefined;
    throw error;
  }
}

/**
 * The relative error of the runtime's own results. 8-bit products also round activations, to 255 steps of their range.
 * The range of n values is at most 2 √n of their root mean square, and a step's error is 1 / √12 of it.
 */
function roundingOf(spec: ModelSpec, { float, roundsActivations }: Quantization): number {
  if (float === 'float16') return NEAREST.F16;
  if (!roundsActivations) return NEAREST.F32;
  const longest = Math.max(...checkpointTensors(spec).map(({ shape }) => shape[1] ?? 1));
  return (2 * Math.sqrt(longest)) / (255 * Math.sqrt(12));
}
