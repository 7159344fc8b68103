import { choose } from '../choice';
import { rowElements, type Dispatch, type Lowering } from '../op';
import type { Weight } from '../weight';
import type { ForwardRequest, GradientRequest, ProductAlgorithm, TransposedRequest } from './algorithm';
import { checkVectors, wholeWeight } from './dense_parts';
import { narrowForward, narrowTransposed } from './narrow';
import { quadsForward, quadsGradient, quadsTransposed } from './quads';
import { registersForward, registersGradient, registersTransposed } from './registers';
import { gradientRows } from './gradient_chunks';
import { mostRows } from './row_windows';
import { rowForward, rowLanes } from './row';
import { subgroupMatrixForward, subgroupMatrixTransposed } from './subgroup_matrix';
import { tilesForward, tilesTransposed } from './tiles';

// In each list the first available algorithm is the default: on a GPU tiles, or threads that share a sum if the result is
// too narrow for tiles; neither on an adapter that runs on the CPU, where workgroup memory is no faster than the rest. An
// algorithm that computes in half precision is never the default.
const FORWARD: Lists<ForwardRequest> = {
  gpu: [
    rowLanes,
    rowForward,
    narrowForward,
    ...tilesForward,
    registersForward,
    quadsForward,
    ...subgroupMatrixForward,
  ],
  software: [
    rowForward,
    rowLanes,
    quadsForward,
    registersForward,
    ...tilesForward,
    ...subgroupMatrixForward,
    narrowForward,
  ],
};
const TRANSPOSED: Lists<TransposedRequest> = {
  gpu: [
    narrowTransposed,
    ...tilesTransposed,
    registersTransposed,
    quadsTransposed,
    ...subgroupMatrixTransposed,
  ],
  software: [
    quadsTransposed,
    registersTransposed,
    ...tilesTransposed,
    ...subgroupMatrixTransposed,
    narrowTransposed,
  ],
};
const GRADIENT: Lists<GradientRequest> = {
  gpu: [quadsGradient, registersGradient],
  software: [quadsGradient, registersGradient],
};

interface Lists<Request> {
  readonly gpu: readonly ProductAlgorithm<Request>[];
  readonly software: readonly ProductAlgorithm<Request>[];
}

/** y = x Wᵀ (+ bias) (+ scale · z Bᵀ) (+ residual), and z = dropout(x) Aᵀ, in float32. */
export function matmul(lowering: Lowering, request: ForwardRequest): Dispatch[] {
  const { x, window, lora } = request;
  const first = lora
    ? matmul(lowering, { x, y: lora.z, weight: wholeWeight(lora.A), dropout: lora.dropout, window })
    : [];
  return [...first, ...matmulAfterZ(lowering, request)];
}

/** The same where z is there already. */
export function matmulAfterZ(lowering: Lowering, request: ForwardRequest): Dispatch[] {
  const { y, weight, window } = request;
  checkVectors(weight.in, 'input');
  const shape = shapeClass(weight, mostRows(lowering, y, window));
  return pick(lowering, FORWARD, request, { op: 'matmul', shape }).lower(lowering, request);
}

/** dx = scale · dy W (+ dropout(dz A)) (+ so far), in float32. */
export function matmulTransposed(lowering: Lowering, request: TransposedRequest): Dispatch[] {
  const { dx, weight, window } = request;
  checkVectors(weight.in, 'input');
  const shape = shapeClass(weight, mostRows(lowering, dx, window));
  return pick(lowering, TRANSPOSED, request, { op: 'matmul_transposed', shape }).lower(lowering, request);
}

/** gradient (+)= scale · dyᵀ dropout(x), in float32. */
export function matmulGradient(lowering: Lowering, request: GradientRequest): Dispatch[] {
  const { dy, x, window } = request;
  const [out, input] = [gradientRows(request), rowElements(x.shape)];
  checkVectors(rowElements(dy.shape), 'output');
  checkVectors(input, 'input');
  const shape = sizes('f32', input, out, mostRows(lowering, x, window));
  return pick(lowering, GRADIENT, request, { op: 'matmul_gradient', shape }).lower(lowering, request);
}

function pick<Request>(
  lowering: Lowering,
  lists: Lists<Request>,
  request: Request,
  { op, shape }: { readonly op: string; readonly shape: string },
): ProductAlgorithm<Request> {
  const algorithms = lowering.limits.software ? lists.software : lists.gpu;
  const available = algorithms.filter((algorithm) => algorithm.available(lowering, request));
  const candidates = available.map((one) => one.name);
  // Blocks in registers run everywhere and use no feature that a driver could get wrong.
  const name = choose(lowering.limits.choose, { op, shape, candidates, plain: 'registers' });
  const chosen = available.find((algorithm) => algorithm.name === name);
  if (!chosen) throw new Error(`${op} has no algorithm ${name}`);
  return chosen;
}

/** The properties of a product on which the fastest algorithm depends: 'nf4 896→4864 ×256'. */
function shapeClass(weight: Weight, rows: number): string {
  return sizes(weight.kind === 'dense' ? weight.format : weight.packing.format, weight.in, weight.out, rows);
}

/** Row counts in classes of powers of two, rounded up. */
function sizes(format: string, input: number, out: number, rows: number): string {
  return `${format} ${input}→${out} ×${2 ** Math.ceil(Math.log2(Math.max(rows, 1)))}`;
}
