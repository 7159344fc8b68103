import {
  countTo,
  f32x4,
  i32,
  i32x4,
  Locals,
  v128,
  when,
  type Code,
  type Local,
  type WasmFunction,
} from '../../core/wasm';

const { add, sub, mul, div, less, greater } = f32x4;

/**
 * The searches for the scales of ggml's K formats, for four groups at once: one in each element of a vector. Sums run in
 * order and every operation is rounded to f32, so that all ties and roundings fall as in ggml's reference.
 */

/** Places in the kernels' memory, in bytes. A function reads and writes vectors of its four groups. */
export const PLACES = {
  /** 256 weights, f32, as they lie in a row. */
  values: 0,
  /** The weights x of four groups, and w, their importance: up to 32 vectors each. */
  x: 1024,
  w: 1536,
  /** The codes of the current try and those of the best, as floats: up to 32 vectors each. */
  tried: 2048,
  codes: 2560,
  /** The result: a vector each. */
  scale: 3072,
  minimum: 3088,
  /** Numerators of the tries' inverse scales, f32. */
  numerators: 3200,
} as const;

/** Bytes of a vector. */
const VECTOR = 16;
const ZERO = v128.integers(0);

/**
 * Finds a scale for 16 weights of Q6_K, whose codes are -32 to 31: the least squares fit with importance x². The search
 * tries the inverse scales -(32 + k / 10) / m for k = 0, -9 … -1, 1 … 9, with m the x of largest magnitude, and rounds every
 * x by each. For codes q the best scale is s = Σ x³ q / Σ x² q², and it lowers the squared error by s Σ x³ q. The search
 * keeps the largest reduction. A group whose weights are all below `nearlyZero` has scale 0 and codes -32.
 *
 * The function's parameter is the place of the first of four groups.
 */
export function scaleKernel({
  tries,
  nearlyZero,
}: {
  readonly tries: number;
  readonly nearlyZero: number;
}): WasmFunction {
  const locals = new Locals();
  const values = locals.parameter('i32');
  const [i, k] = locals.variables('i32', 2);
  const [x, q, furthest, inverse, product, square, scale, best, better, importance] = locals.variables(
    'v128',
    10,
  );
  const end = i32.const(16 * VECTOR);
  const isZero = less(f32x4.abs(furthest.get), v128.floats(nearlyZero));
  const body: Code = [
    countTo(i, end, VECTOR, [
      x.set(gather(values.get, i.get, 64)),
      v128.store(i.get, PLACES.x, x.get),
      furthest.set(v128.select(x.get, furthest.get, greater(f32x4.abs(x.get), f32x4.abs(furthest.get)))),
    ]),
    // The first try beats any other.
    best.set(v128.floats(-1)),
    countTo(k, i32.const(4 * tries), 4, [
      inverse.set(div(v128.loadSplat(k.get, PLACES.numerators), furthest.get)),
      product.set(ZERO),
      square.set(ZERO),
      countTo(i, end, VECTOR, [
        x.set(v128.load(i.get, PLACES.x)),
        q.set(codeOf(mul(inverse.get, x.get), -32, 31)),
        v128.store(i.get, PLACES.tried, q.get),
        importance.set(mul(x.get, x.get)),
        product.set(add(product.get, mul(mul(importance.get, x.get), q.get))),
        square.set(add(square.get, mul(mul(importance.get, q.get), q.get))),
      ]),
      better.set(greater(mul(product.get, product.get), mul(best.get, square.get))),
      scale.set(v128.select(div(product.get, square.get), scale.get, better.get)),
      best.set(v128.select(mul(scale.get, product.get), best.get, better.get)),
      keepCodes(better.get, i, end),
    ]),
    v128.store(i32.const(0), PLACES.scale, v128.andNot(scale.get, isZero)),
    countTo(i, end, VECTOR, [
      q.set(v128.load(i.get, PLACES.codes)),
      v128.store(i.get, PLACES.codes, v128.select(v128.floats(-32), q.get, isZero)),
    ]),
  ];
  return { name: 'search', locals, body };
}

/**
 * Finds the scale s and the minimum m of 32 weights of Q4_K or Q5_K, x ≈ s q - m with 0 ≤ q ≤ n and m ≥ 0: the least squares
 * fit with importance w = rms + |x|. The search starts with m = -min(0, min x) and s = (max x + m) / n. Then it rounds x + m
 * by the inverse scales (n + from + k / 10) / (max x + m) for k = 0, 1 …, and fits s and m to each set of codes. If that lowers
 * the weighted squared error, the fit is kept, and the next tries begin at its m.
 *
 * The function's parameter is the place of the first of four groups.
 */
export function fitKernel({ n, tries }: { readonly n: number; readonly tries: number }): WasmFunction {
  const locals = new Locals();
  const values = locals.parameter('i32');
  const [i, k] = locals.variables('i32', 2);
  const [x, w, q, low, high, rms, weightSum, valueSum, inverse, sum, squares] = locals.variables('v128', 11);
  const [products, determinant, s, m, error, least, scale] = locals.variables('v128', 7);
  const [constant, constantLow, better, weighted] = locals.variables('v128', 4);
  const end = i32.const(32 * VECTOR);
  const code = codeOf(mul(inverse.get, sub(x.get, low.get)), 0, n);
  const difference = sub(add(mul(s.get, q.get), m.get), x.get);
  const errorOfFit = [
    error.set(ZERO),
    countTo(i, end, VECTOR, [
      x.set(v128.load(i.get, PLACES.x)),
      q.set(v128.load(i.get, PLACES.tried)),
      q.set(difference),
      error.set(add(error.get, mul(v128.load(i.get, PLACES.w), mul(q.get, q.get)))),
    ]),
  ];
  const body: Code = [
    countTo(i, end, VECTOR, [
      x.set(gather(values.get, i.get, 128)),
      v128.store(i.get, PLACES.x, x.get),
      rms.set(add(rms.get, mul(x.get, x.get))),
    ]),
    rms.set(f32x4.sqrt(div(rms.get, v128.floats(32)))),
    low.set(v128.load(i32.const(0), PLACES.x)),
    high.set(low.get),
    countTo(i, end, VECTOR, [
      x.set(v128.load(i.get, PLACES.x)),
      w.set(add(rms.get, f32x4.abs(x.get))),
      v128.store(i.get, PLACES.w, w.get),
      low.set(f32x4.lower(low.get, x.get)),
      high.set(f32x4.higher(high.get, x.get)),
      weightSum.set(add(weightSum.get, w.get)),
      valueSum.set(add(valueSum.get, mul(w.get, x.get))),
    ]),
    low.set(f32x4.lower(low.get, ZERO)),
    constant.set(f32x4.equal(low.get, high.get)),
    constantLow.set(low.get),

    inverse.set(div(v128.floats(n), sub(high.get, low.get))),
    scale.set(div(v128.floats(1), inverse.get)),
    countTo(i, end, VECTOR, [
      x.set(v128.load(i.get, PLACES.x)),
      q.set(code),
      v128.store(i.get, PLACES.tried, q.get),
      v128.store(i.get, PLACES.codes, q.get),
    ]),
    s.set(scale.get),
    m.set(low.get),
    errorOfFit,
    least.set(error.get),

    countTo(k, i32.const(4 * tries), 4, [
      inverse.set(div(v128.loadSplat(k.get, PLACES.numerators), sub(high.get, low.get))),
      sum.set(ZERO),
      squares.set(ZERO),
      products.set(ZERO),
      countTo(i, end, VECTOR, [
        x.set(v128.load(i.get, PLACES.x)),
        q.set(code),
        v128.store(i.get, PLACES.tried, q.get),
        weighted.set(mul(v128.load(i.get, PLACES.w), q.get)),
        sum.set(add(sum.get, weighted.get)),
        squares.set(add(squares.get, mul(weighted.get, q.get))),
        products.set(add(products.get, mul(weighted.get, x.get))),
      ]),
      determinant.set(sub(mul(weightSum.get, squares.get), mul(sum.get, sum.get))),
      s.set(div(sub(mul(weightSum.get, products.get), mul(valueSum.get, sum.get)), determinant.get)),
      m.set(div(sub(mul(squares.get, valueSum.get), mul(sum.get, products.get)), determinant.get)),
      better.set(greater(m.get, ZERO)),
      s.set(v128.select(div(products.get, squares.get), s.get, better.get)),
      m.set(v128.select(ZERO, m.get, better.get)),
      errorOfFit,
      better.set(v128.and(less(error.get, least.get), greater(determinant.get, ZERO))),
      least.set(v128.select(error.get, least.get, better.get)),
      scale.set(v128.select(s.get, scale.get, better.get)),
      low.set(v128.select(m.get, low.get, better.get)),
      keepCodes(better.get, i, end),
    ]),

    // A group of equal weights, none above 0, has scale 0 and codes 0.
    v128.store(i32.const(0), PLACES.scale, v128.andNot(scale.get, constant.get)),
    v128.store(i32.const(0), PLACES.minimum, f32x4.neg(v128.select(constantLow.get, low.get, constant.get))),
    countTo(i, end, VECTOR, [
      q.set(v128.load(i.get, PLACES.codes)),
      v128.store(i.get, PLACES.codes, v128.andNot(q.get, constant.get)),
    ]),
  ];
  return { name: 'search', locals, body };
}

/**
 * The code of a weight divided by a scale: the nearest integer, half to even, as ggml computes it. Adding 1.5 × 2^23 to an
 * f32 below 2^22 leaves an integer in the low bits; a greater one wraps around, as in ggml.
 */
function codeOf(quotient: Code, lowest: number, highest: number): Code {
  const bits = v128.and(add(quotient, v128.floats(12582912)), v128.integers(0x7fffff));
  const integer = i32x4.sub(bits, v128.integers(0x400000));
  const limited = i32x4.min(i32x4.max(integer, v128.integers(lowest)), v128.integers(highest));
  return f32x4.fromIntegers(limited);
}

/** Keeps the codes of the current try in the groups of the mask. */
function keepCodes(mask: Code, i: Local, end: Code): Code {
  const kept = v128.select(v128.load(i.get, PLACES.tried), v128.load(i.get, PLACES.codes), mask);
  return when(v128.anyTrue(mask), countTo(i, end, VECTOR, v128.store(i.get, PLACES.codes, kept)));
}

/** One element of each of four groups. @param offset of its vector @param size bytes of a group */
function gather(values: Code, offset: Code, size: number): Code {
  const address = i32.add(values, i32.shiftRight(offset, 2));
  return [0, 1, 2, 3].reduce<Code>((vector, lane) => v128.loadLane(lane, address, lane * size, vector), ZERO);
}
