import { f32, read, spread, update, write, type Dispatch, type Lowering, type Tensor } from './op';

/** How a skew-symmetric Q becomes a rotation R. */
export interface CayleyForm {
  /** Rows and columns of a block. */
  readonly size: number;
  /**
   * Terms of the series for (I − Q) (I + Q)⁻¹, as PEFT counts them (`num_cayley_neumann_terms`), 2 at least; 0: the
   * inverse itself.
   */
  readonly terms: number;
}

/**
 * The coefficients of Q⁰, Q¹, … in the Cayley–Neumann series, as PEFT cuts it (OFT v2, Qiu et al. 2025, arXiv 2506.19847):
 * I + 2 Q + 2 Q² + …, with a weight of 1 for the last power from the third on. Three terms are four there.
 */
export function neumannCoefficients(terms: number): readonly number[] {
  if (terms < 3) return [1, 2];
  const highest = Math.max(terms, 4) - 1;
  return Array.from({ length: highest + 1 }, (_, power) => (power === 0 || power === highest ? 1 : 2));
}

interface SkewTensors {
  /** f32 [blocks, size · (size − 1) / 2]: what lies above the diagonal of each Q, row after row. */
  readonly packed: Tensor;
  /** f32 [blocks, size, size], in any shape. */
  readonly R: Tensor;
}

/** R of each block from its Q, in one dispatch without temporary tensors. */
export function rotationsFrom(
  { limits }: Lowering,
  { packed, R }: SkewTensors,
  { size, terms }: CayleyForm,
): Dispatch[] {
  const blocks = blocksOf(packed);
  const coefficients = neumannCoefficients(terms);
  const highest = coefficients.length - 1;
  const isExact = terms === 0;
  const groups = isExact ? blocks : blocks * size;
  const fill: Dispatch = {
    kernel: isExact ? 'cayley' : 'neumann',
    constants: { SIZE: size },
    overrides: { size, ...(!isExact && { highest, last: coefficients[highest]! }) },
    bindings: [read(packed), isExact ? update(R) : write(R)],
    workgroups: () => spread(groups, limits.maxComputeWorkgroupsPerDimension),
    flops: () => 2 * blocks * size ** 3 * (isExact ? 1 : highest),
  };
  return [fill];
}

/** Adds to the gradient by `packed`, given that by R; sets it unless `further` or the run accumulates. */
export function skewGradient(
  lowering: Lowering,
  { packed, R, dR, gradient }: SkewTensors & { readonly dR: Tensor; readonly gradient: Tensor },
  { size, terms, further }: CayleyForm & { readonly further: boolean },
): Dispatch[] {
  const blocks = blocksOf(packed);
  const matrix = (name: string): Tensor => lowering.temporary(name, f32(blocks, size, size));
  if (terms === 0) {
    // R = 2 M − I with M = (I + Q)⁻¹ and dM = −M dQ M, so dQ = −2 Mᵀ dR Mᵀ = −(I + Rᵀ) dR (I + Rᵀ) / 2.
    const left = matrix('left');
    return [
      product(lowering, { left: R, M: dR, result: left, size, stored: true }),
      gradientOf(lowering, { G: left, M: R, gradient, size, factor: -0.5, further, plusIdentity: true }),
    ];
  }
  // By Horner's rule R = H₀ with Hₚ = cₚ I + Q Hₚ₊₁: dQ is the sum of Gₚ Hₚ₊₁ᵀ, with G₀ = dR and Gₚ₊₁ = Qᵀ Gₚ = −Q Gₚ.
  const { dispatches, horner, last } = powers(lowering, packed, { size, terms });
  const count = horner.length + 1;
  const held = [matrix('even'), matrix('odd')] as const;
  let G = dR;
  for (let power = 0; power < count; power++) {
    const M = horner[power];
    const added = further || power > 0;
    dispatches.push(
      gradientOf(lowering, { G, M, gradient, size, further: added, ...(!M && { factor: last }) }),
    );
    if (power + 1 === count) break;
    const next = held[power % 2]!;
    dispatches.push(product(lowering, { left: packed, M: G, result: next, size, sign: -1 }));
    G = next;
  }
  return dispatches;
}

interface Powers {
  readonly dispatches: Dispatch[];
  /** H₁, H₂, … but the last, which is `last` · I. */
  readonly horner: readonly Tensor[];
  readonly last: number;
}

/** Horner's rule, from the highest power down to H₁. */
function powers(lowering: Lowering, packed: Tensor, { size, terms }: CayleyForm): Powers {
  const coefficients = neumannCoefficients(terms);
  const highest = coefficients.length - 1;
  const last = coefficients[highest]!;
  const horner: Tensor[] = [];
  const dispatches: Dispatch[] = [];
  for (let power = highest - 1; power > 0; power--) {
    const result = lowering.temporary(`H${power}`, f32(blocksOf(packed), size, size));
    const diagonal = coefficients[power]!;
    const M = horner[0];
    dispatches.push(
      product(lowering, { left: packed, M, result, size, diagonal, ...(!M && { factor: last }) }),
    );
    horner.unshift(result);
  }
  return { dispatches, horner, last };
}

interface Product {
  /** Packed, or with `stored` a matrix that is transposed. */
  readonly left: Tensor;
  /** `factor` · I if absent. */
  readonly M: Tensor | undefined;
  readonly result: Tensor;
  readonly size: number;
  readonly diagonal?: number;
  readonly sign?: number;
  readonly factor?: number;
  readonly stored?: boolean;
}

function product(
  lowering: Lowering,
  { left, M, result, size, stored = false, ...numbers }: Product,
): Dispatch {
  const blocks = blocksOf(left);
  return {
    kernel: 'skew_product',
    constants: { FIRST: M === undefined, STORED: stored },
    overrides: { size, ...numbers },
    bindings: [read(left), write(result), ...(M ? [read(M)] : [])],
    workgroups: () => elementGroups(lowering, blocks * size * size),
    flops: () => 2 * blocks * size ** (M ? 3 : 2),
  };
}

interface GradientStep {
  readonly G: Tensor;
  /** I if absent. */
  readonly M: Tensor | undefined;
  readonly gradient: Tensor;
  readonly size: number;
  readonly factor?: number;
  readonly further: boolean;
  readonly plusIdentity?: boolean;
}

function gradientOf(
  lowering: Lowering,
  { G, M, gradient, size, further, plusIdentity = false, factor = 1 }: GradientStep,
): Dispatch {
  const blocks = blocksOf(gradient);
  return {
    kernel: 'skew_gradient',
    constants: { FIRST: M === undefined, PLUS_IDENTITY: plusIdentity },
    overrides: { size, factor, further: Number(further) },
    bindings: [read(G), update(gradient), ...(M ? [read(M)] : [])],
    workgroups: () => elementGroups(lowering, blocks * size * size),
    flops: () => 2 * blocks * size ** (M ? 3 : 2),
  };
}

function elementGroups({ limits }: Lowering, count: number): ReturnType<Dispatch['workgroups']> {
  return spread(Math.ceil(count / 64), limits.maxComputeWorkgroupsPerDimension);
}

function blocksOf({ shape }: Tensor): number {
  const [blocks] = shape;
  if (typeof blocks !== 'number') throw new Error('the blocks of a rotation have a number');
  return blocks;
}
