import { NEAREST } from '../../core/dtype';
import { TunesmithError } from '../../core/errors';
import type { ModelFolder } from '../../models/folder';
import { checkpointTensors, type ModelSpec } from '../../models/spec';
import { onBase, type OtherBase } from '../check/checkpoint';
import { checkColumns } from '../check/columns';
import { compareLogits } from '../check/logits';
import { mergedCheck } from '../check/merged_check';
import { checkWrittenTexts } from '../check/texts';
import { checkWeights } from '../check/weights';
import type { WrittenTensor } from '../check/written_tensor';
import type { CheckOptions, ComparedLogits, ExportCheck, ExportSource } from '../format';
import { exportDiffers } from '../run';
import { checkAdapter } from './adapter_written';
import type { DataFile } from './data_files';
import type { OnnxGraph } from './graph';
import { graphLogits, LIMITS, type CheckLimits } from './graph_logits';
import type { Quantization } from './quantizations';
import { onnxWritten, tensorReader } from './read_back';
import { readCheckpoint } from './read_checkpoint';
import { withoutAdapter } from './weights';

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
 * few tokens with ONNX Runtime: from the written files at once, or piece by piece if they are large or the runtime has no
 * memory for them. The result has no difference of logits if it has none even for the pieces.
 *
 * @throws TunesmithError `export_onnx_float16` if activations leave float16's range, `export_onnx_coarse` if activations of
 *   8 bits are too coarse for the model, and the errors of
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
  const during = (begin: number, share: number): CheckOptions => ({
    onProgress: (fraction) => onProgress(begin + share * fraction),
    signal,
  });
  if (besideAdapter) await checkAdapter(source, graph, read, during(0, COLUMNS));
  else await checkColumns(source, during(0, COLUMNS));
  const weights = await checkWeights(besideAdapter ? withoutAdapter(source) : source, tensors, {
    ...(base && { base: base.weights }),
    ...during(COLUMNS, WEIGHTS),
  });
  const checkpoint = readCheckpoint({ ...source.facts, files: [], notes: [] }, spec, tensors);
  const begin = COLUMNS + WEIGHTS;
  const { ids, logits: ours } = await source.logits({
    reference: base && onBase(source, { ...checkpoint, spec }, base.stored),
    ...during(begin, OURS),
  });
  const { vocabularySize: vocabulary } = spec;
  const run = await graphLogits(
    { graph, data, path, written, read, vocabulary, roundsActivations },
    ids,
    during(begin + OURS, RUNTIME),
    limits,
  );
  const told = { measured: base?.measured, isBeside: besideAdapter };
  if (!run) return mergedCheck(weights, undefined, told);
  const { theirs, exact } = run;
  if (quantization.float === 'float16' && !theirs.every(Number.isFinite)) {
    throw new TunesmithError({ code: 'export_onnx_float16' });
  }
  const ofFloats = quantization.float === 'float16' ? NEAREST.F16 : NEAREST.F32;
  if (!besideAdapter) {
    const before = begin + OURS + RUNTIME;
    const ofWeights = await source.logitsOf(checkpoint, during(before, 1 - before));
    requireSameGraph(spec, { ours: ofWeights, theirs: exact }, ofFloats);
    if (theirs !== exact) requireFine(ofWeights, theirs);
  }
  const rounding = roundsActivations ? Math.max(ofFloats, activationRounding(spec)) : ofFloats;
  return mergedCheck(weights, compareLogits({ ours, theirs }, { spec, weights, rounding }), told);
}

/**
 * Compares the runtime's logits with those that the weights, as they were read back, have here: rounding to a few bits is
 * in both, so that the rest is the rounding of floats. Where products also round activations to 8 bits, that has no useful
 * limit: the logits are those of the same graph with exact products. `requireFine` limits its own.
 *
 * @throws TunesmithError `export_differs`
 */
function requireSameGraph(spec: ModelSpec, compared: ComparedLogits, rounding: number): void {
  const errors = checkpointTensors(spec)
    .filter(({ kind }) => kind !== 'vector')
    .map(() => 0);
  const weights = { share: undefined, errors, error: 0 };
  const { difference, allowed } = compareLogits(compared, { spec, weights, rounding });
  // Written with "not", so that NaN fails.
  if (!(difference <= allowed)) {
    throw exportDiffers({
      detail: `The graph's logits differ by ${difference} from those of its weights; ${allowed} is explained.`,
    });
  }
}

/** The largest share of the variance of logits that activations of 8 bits may leave unexplained. The mean leaves 1. */
const COARSE = 0.5;

/**
 * Throws `export_onnx_coarse` if logits of products that round activations are too far from the expected ones: outliers among
 * the activations of some models cost most of their precision.
 *
 * @throws TunesmithError also `export_differs` if a logit is not a number
 */
export function requireFine(expected: Float32Array, found: Float32Array): void {
  const unexplained = unexplainedShare(expected, found);
  const detail = `The logits leave ${unexplained} of the expected variance unexplained.`;
  if (Number.isNaN(unexplained)) throw exportDiffers({ detail });
  if (unexplained > COARSE) throw new TunesmithError({ code: 'export_onnx_coarse', detail });
}

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

/**
 * The parts of the check's time: comparing columns, reading the weights back, the logits of base and adapter and the
 * runtime's; the rest is for those of the weights that were read back.
 */
const COLUMNS = 0.2;
const WEIGHTS = 0.5;
const OURS = 0.05;
const RUNTIME = 0.15;

/**
 * The relative error of products that round activations to 255 steps of their range. The range of n values is at most
 * 2 √n of their root mean square, and a step's error is 1 / √12 of it.
 */
function activationRounding(spec: ModelSpec): number {
  const longest = Math.max(...checkpointTensors(spec).map(({ shape }) => shape[1] ?? 1));
  return (2 * Math.sqrt(longest)) / (255 * Math.sqrt(12));
}
