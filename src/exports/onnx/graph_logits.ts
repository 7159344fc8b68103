import { errorCode } from '../../core/errors';
import type { OnnxNode } from '../../formats/onnx/model';
import type { ModelFolder } from '../../models/folder';
import { openOnnx } from '../../onnx_runtime/open';
import type { CheckOptions } from '../format';
import type { DataFile } from './data_files';
import type { OnnxGraph } from './graph';
import { withExactProducts } from './pieces/exact_products';
import { logitsByPieces } from './pieces/run_pieces';
import type { ReadTensor } from './read_back';

/** Limits of what ONNX Runtime holds at once, in bytes of weights. WebAssembly's memory never shrinks. */
export interface CheckLimits {
  /** The runtime opens the files themselves if they have no more. It holds them twice meanwhile. */
  readonly whole: number;
  /** It runs the graph of larger ones in pieces of so much. */
  readonly piece: number;
}

export const LIMITS: CheckLimits = { whole: 0.25e9, piece: 2 ** 26 };
/** Exact products of 8-bit weights hold them also in float32, twice. */
const EXACT_BYTES = 9;

interface WrittenGraph {
  readonly graph: OnnxGraph;
  readonly data: readonly DataFile[];
  /** The path of the model's file. */
  readonly path: string;
  readonly written: ModelFolder;
  readonly read: ReadTensor;
  readonly vocabulary: number;
  /** Its products round activations to 8 bits. */
  readonly roundsActivations: boolean;
}

/** Logits of the same tokens, f32 [tokens, vocabulary]. */
interface GraphLogits {
  readonly theirs: Float32Array;
  /** Those of the same graph with products that round no activations; `theirs` if its own round none. */
  readonly exact: Float32Array;
}

/**
 * The logits that ONNX Runtime computes with written files: from the files at once, or piece by piece if they are large or
 * it has no memory for them.
 *
 * @returns undefined if it has no memory even for the pieces
 * @throws TunesmithError those of `openOnnx` and `logitsByPieces`, and the signal's reason
 */
export async function graphLogits(
  { graph, data, path, written, read, vocabulary, roundsActivations }: WrittenGraph,
  ids: readonly number[],
  { onProgress = () => undefined, signal }: CheckOptions,
  limits: CheckLimits,
): Promise<GraphLogits | undefined> {
  const runs = roundsActivations ? 2 : 1;
  const inPieces = (run: number, nodes: readonly OnnxNode[], most: number): Promise<Float32Array> => {
    const { constants, weights, inputs } = graph;
    return logitsByPieces({ nodes, constants, weights, inputs }, read, ids, {
      ...{ most, vocabulary, signal },
      onProgress: (fraction) => onProgress((run + fraction) / runs),
    });
  };
  const isWhole = data.reduce((sum, { size }) => sum + size, 0) <= limits.whole;
  const theirs = await firstWithRoom([
    ...(isWhole ? [() => wholeLogits(written, path, ids, signal)] : []),
    () => inPieces(0, graph.nodes, limits.piece),
  ]);
  if (!theirs || !roundsActivations) return theirs && { theirs, exact: theirs };
  const nodes = withExactProducts(graph.nodes);
  const exact = await firstWithRoom([() => inPieces(1, nodes, limits.piece / EXACT_BYTES)]);
  return exact && { theirs, exact };
}

/** The result of the first way for which there is memory; undefined if there is for none. */
export async function firstWithRoom<T>(ways: readonly (() => Promise<T>)[]): Promise<T | undefined> {
  for (const way of ways) {
    try {
      return await way();
    } catch (error) {
      const code = errorCode(error);
      if (code !== 'onnx_no_memory' && code !== 'onnx_too_large') throw error;
    }
  }
  return undefined;
}

/** Logits of the written files, as the chat of the page opens them. */
async function wholeLogits(
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
