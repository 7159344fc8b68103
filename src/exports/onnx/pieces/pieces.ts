import type { OnnxNode } from '../../../formats/onnx/model';
import { weightBytes, type OnnxGraph, type WeightData } from '../graph';

/** Consecutive nodes of a graph. They use weights of a limited size, or a table or a head that is larger. */
export interface Piece {
  /** The place of the first node behind them. */
  readonly end: number;
  readonly nodes: readonly OnnxNode[];
  /** The large weight, which is read in parts: some rows of a table, or a product's outputs in several runs. */
  readonly large?: WeightData;
}

/** The weights that the nodes use, each once. */
export function weightsOf(
  { weights }: Pick<OnnxGraph, 'weights'>,
  nodes: readonly OnnxNode[],
): readonly WeightData[] {
  const used = new Set(nodes.flatMap(({ inputs }) => inputs));
  return weights.filter(({ tensors }) => tensors.some(({ name }) => used.has(name)));
}

/** Bytes of a weight's tensors. */
export function bytesOfWeight({ tensors }: WeightData): number {
  return tensors.reduce((sum, tensor) => sum + weightBytes(tensor), 0);
}

/** Rows of a weight: outputs of a product, or tokens of a table. */
export function rowsOfWeight({ tensors, holds }: WeightData): number {
  return (holds?.isTransposed ? tensors[0]?.shape[1] : tensors[0]?.shape[0]) ?? 0;
}

/** Whether a node looks rows of a table up. */
export function isLookUp({ type }: OnnxNode): boolean {
  return type === 'Gather';
}

/**
 * Cuts a graph into pieces, in order.
 *
 * @param most bytes of a piece's weights
 * @param vocabulary the number of rows of tables and of a head, which may be larger than that
 */
export function piecesOf(
  graph: Pick<OnnxGraph, 'weights'> & { readonly nodes: readonly OnnxNode[] },
  { most, vocabulary }: { readonly most: number; readonly vocabulary: number },
): readonly Piece[] {
  const { nodes } = graph;
  const pieces: Piece[] = [];
  let begin = 0;
  let held = new Set<WeightData>();
  const close = (end: number): void => {
    if (end > begin) pieces.push({ nodes: nodes.slice(begin, end), end });
    begin = end;
    held = new Set();
  };
  for (let at = 0; at < nodes.length;) {
    const used = weightsOf(graph, [nodes[at]!]);
    const large = used.find((data) => rowsOfWeight(data) === vocabulary && bytesOfWeight(data) > most);
    if (large) {
      close(at);
      at = isLookUp(nodes[at]!) ? at + 1 : lastProduct(nodes, large) + 1;
      pieces.push({ nodes: nodes.slice(begin, at), end: at, large });
      begin = at;
      continue;
    }
    const all = new Set([...held, ...used]);
    if ([...all].reduce((sum, data) => sum + bytesOfWeight(data), 0) > most) close(at);
    for (const data of used) held.add(data);
    at++;
  }
  close(nodes.length);
  return pieces;
}

/** The place of the last node that multiplies with a weight, or scales such a product. */
function lastProduct(nodes: readonly OnnxNode[], { tensors }: WeightData): number {
  const names = new Set(tensors.map(({ name }) => name));
  return nodes.findLastIndex((node) => !isLookUp(node) && node.inputs.some((input) => names.has(input)));
}
