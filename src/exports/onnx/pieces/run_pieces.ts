import { encodeOnnx, type OnnxNode, type OnnxTensor, type OnnxType } from '../../../formats/onnx/model';
import { onnxValue, runGraph, type OnnxTensorValue } from '../../../onnx_runtime/run_graph';
import type { OnnxGraph } from '../graph';
import type { ReadTensor } from '../read_back';
import { joinedColumns } from './joined_columns';
import { partOf, wholeOf, windowsOf, type ReadPart } from './parts';
import { isLookUp, piecesOf, weightsOf, type Piece } from './pieces';
import { emptyCache, floatsOfValue } from './values';

type Values = Map<string, OnnxTensorValue>;
type PiecedGraph = Pick<OnnxGraph, 'constants' | 'weights' | 'inputs'> & {
  readonly nodes: readonly OnnxNode[];
};

export interface PiecesOptions {
  /** Most bytes of weights that the runtime holds at once. */
  readonly most: number;
  readonly vocabulary: number;
  /** Called before each piece with the fraction that is done. */
  readonly onProgress?: (fraction: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Logits of all tokens of a text, f32 [tokens, vocabulary], of a graph that ONNX Runtime runs piece by piece, one after
 * the other: every node runs, with the weights in the written files. Of a table of embeddings that is larger than a
 * piece, the runtime gets the rows of these tokens.
 *
 * @throws TunesmithError those of `runGraph`, and the signal's reason
 */
export async function logitsByPieces(
  graph: PiecedGraph,
  read: ReadTensor,
  ids: readonly number[],
  { most, vocabulary, onProgress, signal }: PiecesOptions,
): Promise<Float32Array> {
  const pieces = piecesOf(graph, { most, vocabulary });
  const rows = Array.from(new Set(ids)).sort((a, b) => a - b);
  // Tokens are only looked up, so that a table of some rows takes their places in it.
  const cutsTable = pieces.some(({ nodes, large }) => large && nodes.some(isLookUp));
  const values = await inputsOf(graph, cutsTable ? ids.map((id) => rows.indexOf(id)) : ids);
  const lastUse = new Map<string, number>([[LOGITS, Infinity]]);
  graph.nodes.forEach(({ inputs, outputs }, at) => {
    for (const name of inputs) lastUse.set(name, Math.max(at, lastUse.get(name) ?? 0));
    for (const name of outputs) lastUse.set(name, lastUse.get(name) ?? -1);
  });
  for (const [done, piece] of pieces.entries()) {
    signal?.throwIfAborted();
    onProgress?.(done / pieces.length);
    const wanted = piece.nodes
      .flatMap(({ outputs }) => outputs)
      .filter((name) => (lastUse.get(name) ?? -1) >= piece.end);
    const run = (nodes: readonly OnnxNode[], parts: readonly ReadPart[]) =>
      runNodes(graph, { nodes, parts, values, wanted });
    for (const [name, value] of await runPiece(graph, piece, { read, rows, run, most }))
      values.set(name, value);
    for (const name of values.keys()) if ((lastUse.get(name) ?? -1) < piece.end) values.delete(name);
  }
  return await floatsOfValue(values.get(LOGITS));
}

const LOGITS = 'logits';

async function runPiece(
  graph: PiecedGraph,
  { nodes, large }: Piece,
  {
    read,
    rows,
    run,
    most,
  }: {
    readonly read: ReadTensor;
    readonly rows: readonly number[];
    readonly run: (nodes: readonly OnnxNode[], parts: readonly ReadPart[]) => Promise<Values>;
    readonly most: number;
  },
): Promise<Values> {
  const whole = weightsOf(graph, nodes)
    .filter((data) => data !== large)
    .map((data) => wholeOf(data, read));
  if (!large) return await run(nodes, whole);
  if (nodes.some(isLookUp)) {
    const runs = rows.map((first) => ({ first, count: 1 }));
    return await run(nodes, [...whole, partOf(large, runs, read)]);
  }
  const results: Values[] = [];
  for (const window of windowsOf(large, most)) {
    const some = nodes.map((node) => withOutputs(node, window.count));
    results.push(await run(some, [...whole, partOf(large, [window], read)]));
  }
  const names = [...(results[0]?.keys() ?? [])];
  return new Map(
    await Promise.all(
      names.map(async (name) => [name, await joinedColumns(results.map((each) => each.get(name)!))] as const),
    ),
  );
}

/** The node, if it says how many outputs it has, with another number of them. */
function withOutputs(node: OnnxNode, count: number): OnnxNode {
  if (!('N' in node.attributes)) return node;
  return { ...node, attributes: { ...node.attributes, N: { int: count } } };
}

/** Runs nodes as a graph of their own. */
async function runNodes(
  { constants }: PiecedGraph,
  {
    nodes,
    parts,
    values,
    wanted,
  }: {
    readonly nodes: readonly OnnxNode[];
    readonly parts: readonly ReadPart[];
    readonly values: Values;
    readonly wanted: readonly string[];
  },
): Promise<Values> {
  if (wanted.length === 0) return new Map();
  const made = new Set(nodes.flatMap(({ outputs }) => outputs));
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  const feeds: Record<string, OnnxTensorValue> = {};
  for (const [name, value] of values) if (used.has(name) && !made.has(name)) feeds[name] = value;
  const data = new Map<string, Uint8Array>();
  const tensors: OnnxTensor[] = constants.filter(({ name }) => used.has(name));
  for (const { tensor, shape, bytes } of parts.flatMap((part) => part)) {
    if (!used.has(tensor.name)) continue;
    const content = await bytes();
    data.set(tensor.name, content);
    tensors.push({ ...tensor, shape, data: { location: tensor.name, offset: 0, length: content.length } });
  }
  const model = encodeOnnx({
    ...{ producer: 'tunesmith', name: 'piece', nodes, tensors },
    inputs: Object.entries(feeds).map(([name, { type, dims }]) => ({
      ...{ name, type: type as OnnxType, shape: dims },
    })),
    outputs: wanted.map((name) => ({ name })),
  });
  return new Map(Object.entries(await runGraph({ model, data, feeds, wanted })));
}

/** Values of a graph's inputs for a text without a past. */
async function inputsOf({ inputs }: PiecedGraph, ids: readonly number[]): Promise<Values> {
  const integers = (numbers: readonly number[], dims: readonly number[]): Promise<OnnxTensorValue> =>
    onnxValue('int64', BigInt64Array.from(numbers, BigInt), dims);
  const values: Values = new Map();
  for (const input of inputs) {
    const { name } = input;
    if (name === 'input_ids') values.set(name, await integers(ids, [1, ids.length]));
    else if (name === 'attention_mask')
      values.set(
        name,
        await integers(
          ids.map(() => 1),
          [1, ids.length],
        ),
      );
    else if (input.shape.length === 0) values.set(name, await integers([0], []));
    else values.set(name, await emptyCache(input));
  }
  return values;
}
