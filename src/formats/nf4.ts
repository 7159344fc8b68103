/**
 * NF4 quantisation, byte for byte as bitsandbytes does it on a CPU (0.50, x86-64). All arithmetic is f32, each
 * operation rounded on its own (`fl`).
 *
 * **4 bits.** The row-major tensor is cut into blocks of `blocksize`. In every block
 *
 *     absmax  = max |x|
 *     inverse = fl(1 / max(absmax, 1e-38))
 *     scaled  = fl(x · inverse), clamped to [-1, 1]
 *     code    = how many of the 15 `nf4Thresholds` are < scaled      (a value on a threshold takes the lower code)
 *
 * and a last block that is not full differs in two points: scaled = fl(x / absmax), and its absmax is at
 * least 1e-38. Two codes make a byte, the first in the high nibble; an odd last one is followed by code 7 (zero).
 * Dequantised, x = fl(nf4Code[code] · absmax).
 *
 * The thresholds are the midpoints fl(fl(code[i] + code[i+1]) / 2). CUDA kernels of bitsandbytes use their own
 * decimal constants for the same midpoints and multiply in the last block too.
 *
 * **8 bits**, for the absmax values of "double quantisation": blocks of 256, no special last block,
 *
 *     scaled = fl(x · fl(1 / absmax)), clamped to [-1, 1]
 *     bin    = trunc(fl(fl(fl(fl(scaled + 1) / 2) · 65535) + 0.5))
 *     code   = how many midpoints of neighbours in the map are < fl(-1 + fl(2 · bin / 65535))
 *
 * so values are first rounded to 65536 even steps, as the library's table look-up does, and a zero becomes code 131,
 * not 127. A block of zeros has all codes 0.
 *
 * **Double quantisation**: offset = mean of all absmax; fl(absmax - offset) is quantised in 8 bits. Dequantised,
 * absmax[i] = fl(fl(map[code] · nestedAbsmax[i / 256]) + offset).
 *
 * The guarantee covers codes, absmax, and all of double quantisation for a given offset. The offset is a sum, whose
 * order in PyTorch depends on the machine from 32768 blocks (2 million weights) on, where several threads share it;
 * `torchMean` is PyTorch's order on one thread of x86-64, exact to the bit there and within rounding elsewhere. Values
 * must be finite.
 */

export const nf4Blocksize = 64;
export const nestedBlocksize = 256;

/** The sixteen values of NF4 (Dettmers et al., "QLoRA", 2023, appendix E), rounded to f32. */
export const nf4Code = Float32Array.of(
  -1.0,
  -0.6961928009986877,
  -0.5250730514526367,
  -0.39491748809814453,
  -0.28444138169288635,
  -0.18477343022823334,
  -0.09105003625154495,
  0.0,
  0.07958029955625534,
  0.16093020141124725,
  0.24611230194568634,
  0.33791524171829224,
  0.44070982933044434,
  0.5626170039176941,
  0.7229568362236023,
  1.0,
);

/** A scaled value takes code i if it is at most `nf4Thresholds[i]` and above the threshold before. */
export const nf4Thresholds = midpoints(nf4Code);

const SMALLEST_ABSMAX = Math.fround(1e-38);

export interface QuantizedNF4 {
  /** Two codes a byte, element 0 in the high nibble: ceil(n / 2) bytes. */
  readonly codes: Uint8Array<ArrayBuffer>;
  /** f32, one a block: ceil(n / blocksize). */
  readonly absmax: Float32Array<ArrayBuffer>;
}

/**
 * Quantises a flattened tensor of finite values. See the top of the file for the exact rule.
 *
 * @param blocksize an even number
 */
export function quantizeNF4(values: Float32Array, blocksize = nf4Blocksize): QuantizedNF4 {
  const codes = new Uint8Array(Math.ceil(values.length / 2));
  const absmax = new Float32Array(Math.ceil(values.length / blocksize));
  const codeOf = nf4Coder();
  const { fround } = Math;
  for (let block = 0; block < absmax.length; block++) {
    const begin = block * blocksize;
    const end = Math.min(begin + blocksize, values.length);
    const largest = largestMagnitude(values, begin, end);
    const atLeast = Math.max(largest, SMALLEST_ABSMAX);
    if (end - begin === blocksize) {
      const inverse = fround(1 / atLeast);
      absmax[block] = largest;
      for (let i = begin; i < end; i += 2) {
        const first = codeOf(fround((values[i] ?? 0) * inverse));
        codes[i >> 1] = (first << 4) | codeOf(fround((values[i + 1] ?? 0) * inverse));
      }
    } else {
      absmax[block] = atLeast;
      for (let i = begin; i < end; i += 2) {
        const first = codeOf(fround((values[i] ?? 0) / atLeast));
        codes[i >> 1] = (first << 4) | codeOf(fround((values[i + 1] ?? 0) / atLeast)); // odd: zero follows
      }
    }
  }
  return { codes, absmax };
}

/** Dequantises `count` codes with their scales (one a block) to f32. */
export function dequantizeNF4(
  codes: Uint8Array,
  absmax: Float32Array,
  count: number,
  blocksize = nf4Blocksize,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(count);
  for (let block = 0; block < absmax.length; block++) {
    const scale = absmax[block] ?? 0;
    const end = Math.min((block + 1) * blocksize, count);
    for (let i = block * blocksize; i < end; i++) {
      const pair = codes[i >> 1] ?? 0;
      values[i] = (nf4Code[i & 1 ? pair & 15 : pair >> 4] ?? 0) * scale;
    }
  }
  return values;
}

export interface Quantized8bit {
  readonly codes: Uint8Array<ArrayBuffer>;
  /** f32, one a block. */
  readonly absmax: Float32Array<ArrayBuffer>;
}

/** Quantises to the 256 values of `dynamicMap`. See the top of the file for the exact rule. */
export function quantizeBlockwise8bit(values: Float32Array, blocksize = nestedBlocksize): Quantized8bit {
  const codes = new Uint8Array(values.length);
  const absmax = new Float32Array(Math.ceil(values.length / blocksize));
  const codeOfBin = dynamicMapTables().codeOfBin;
  const { fround } = Math;
  for (let block = 0; block < absmax.length; block++) {
    const begin = block * blocksize;
    const end = Math.min(begin + blocksize, values.length);
    const largest = largestMagnitude(values, begin, end);
    absmax[block] = largest;
    if (largest === 0) continue;
    const inverse = fround(1 / largest);
    for (let i = begin; i < end; i++) {
      const scaled = Math.max(-1, Math.min(1, fround((values[i] ?? 0) * inverse)));
      // If `inverse` overflows (absmax below 3e-39), zero gives NaN and so, with `| 0`, bin 0, as in the library.
      const bin = fround(fround(fround(fround(scaled + 1) * 0.5) * 65535) + 0.5) | 0;
      codes[i] = codeOfBin[bin] ?? 0;
    }
  }
  return { codes, absmax };
}

/** Dequantises 8-bit codes with their scales (one a block) to f32. */
export function dequantizeBlockwise8bit(
  codes: Uint8Array,
  absmax: Float32Array,
  map: Float32Array = dynamicMap(),
  blocksize = nestedBlocksize,
): Float32Array<ArrayBuffer> {
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    values[i] = (map[codes[i] ?? 0] ?? 0) * (absmax[Math.floor(i / blocksize)] ?? 0);
  }
  return values;
}

export interface DoubleQuantized {
  /** One code a block of weights: an index into `nestedQuantMap`. */
  readonly absmax: Uint8Array<ArrayBuffer>;
  /** f32, one for 256 blocks. */
  readonly nestedAbsmax: Float32Array<ArrayBuffer>;
  /** f32 [256]. */
  readonly nestedQuantMap: Float32Array;
  /** An f32 value. */
  readonly offset: number;
}

/** Quantises the scales of `quantizeNF4` (`bnb_4bit_use_double_quant`). */
export function doubleQuantize(absmax: Float32Array): DoubleQuantized {
  const offset = torchMean(absmax);
  const { codes, absmax: nestedAbsmax } = quantizeBlockwise8bit(absmax.map((value) => value - offset));
  return { absmax: codes, nestedAbsmax, nestedQuantMap: dynamicMap(), offset };
}

/** Dequantises the scales, one a block of weights, to f32. */
export function dequantizeAbsmax(double: DoubleQuantized): Float32Array<ArrayBuffer> {
  const { absmax, nestedAbsmax, nestedQuantMap, offset } = double;
  return dequantizeBlockwise8bit(absmax, nestedAbsmax, nestedQuantMap).map((value) => value + offset);
}

/**
 * The signed 8-bit "dynamic" map (Dettmers, "8-Bit Approximations for Parallelism in Deep Learning", 2016):
 * for every decimal exponent from -6 to 0, twice as many evenly spaced means between 0.1 and 1 as for the one before,
 * with both signs, and 0 and 1. Ascending f32 [256].
 */
export function dynamicMap(): Float32Array {
  return dynamicMapTables().map;
}

let tables: { map: Float32Array; codeOfBin: Uint8Array } | undefined;

function dynamicMapTables(): { map: Float32Array; codeOfBin: Uint8Array } {
  if (tables) return tables;
  const { fround } = Math;
  const values = [0, 1];
  for (let exponent = -6; exponent <= 0; exponent++) {
    const count = 2 ** (exponent + 6);
    const boundaries = linspace(0.1, 1, count + 1);
    const scale = fround(10 ** exponent);
    for (const middle of midpoints(boundaries)) values.push(fround(scale * middle), -fround(scale * middle));
  }
  const map = Float32Array.from(values).sort();

  const between = midpoints(map);
  const codeOfBin = new Uint8Array(65536);
  let code = 0;
  for (let bin = 0; bin < 65536; bin++) {
    const value = fround(-1 + fround((2 * bin) / 65535));
    while (code < 255 && (between[code] ?? 0) < value) code++;
    codeOfBin[bin] = code;
  }
  tables = { map, codeOfBin };
  return tables;
}

/** `count` evenly spaced f32 values as PyTorch computes them: from both ends, multiply and add rounded once. */
function linspace(first: number, last: number, count: number): Float32Array {
  const [begin, end] = [Math.fround(first), Math.fround(last)];
  const step = Math.fround(Math.fround(end - begin) / (count - 1));
  return Float32Array.from({ length: count }, (_, i) =>
    i < Math.floor(count / 2) ? begin + step * i : end - step * (count - 1 - i),
  );
}

function midpoints(values: Float32Array): Float32Array {
  return values.subarray(1).map((value, i) => Math.fround(value + (values[i] ?? 0)) / 2);
}

function largestMagnitude(values: Float32Array, begin: number, end: number): number {
  let largest = 0;
  for (let i = begin; i < end; i++) {
    const magnitude = Math.abs(values[i] ?? 0);
    if (magnitude > largest) largest = magnitude;
  }
  return largest;
}

/**
 * The code of a scaled value. A table has the code of the lower edge of each step of 1/128; no step holds more than one
 * threshold.
 */
function nf4Coder(): (scaled: number) => number {
  const thresholds = Float64Array.of(...nf4Thresholds, Infinity);
  const steps = Uint8Array.from({ length: 257 }, (_, step) =>
    thresholds.findIndex((threshold) => threshold >= step / 128 - 1),
  );
  return (scaled) => {
    const code = steps[((scaled + 1) * 128) | 0] ?? 0;
    return (thresholds[code] ?? 0) < scaled ? code + 1 : code;
  };
}

/**
 * Mean in f32, added up as PyTorch does on one thread of an x86-64 CPU: 8 lanes × 4 chains, each a cascade of 4 levels;
 * a level's sum moves to the next level after 2^k values.
 */
export function torchMean(values: Float32Array): number {
  const lanes = values.length < 8 ? 1 : 8;
  const chains = 4;
  const vectors = Math.floor(values.length / lanes);
  const rows = Math.floor(vectors / chains);
  const sums = cascadeSums(values, rows, lanes * chains);
  for (let vector = rows * chains; vector < vectors; vector++) {
    for (let lane = 0; lane < lanes; lane++) {
      sums[lane] = (sums[lane] ?? 0) + (values[vector * lanes + lane] ?? 0);
    }
  }
  for (let chain = 1; chain < chains; chain++) {
    for (let lane = 0; lane < lanes; lane++) {
      sums[lane] = (sums[lane] ?? 0) + (sums[chain * lanes + lane] ?? 0);
    }
  }
  let total = 0;
  for (let i = vectors * lanes; i < values.length; i++) total = Math.fround(total + (values[i] ?? 0));
  for (let lane = 0; lane < lanes; lane++) total = Math.fround(total + (sums[lane] ?? 0));
  return Math.fround(total / values.length);
}

/** Sums of the columns of a [rows, columns] matrix by cascade summation. f32 [columns]. */
function cascadeSums(values: Float32Array, rows: number, columns: number): Float32Array {
  const levelBits = Math.max(4, Math.ceil(Math.ceil(Math.log2(Math.max(rows, 1))) / 4));
  const levels = Array.from({ length: 4 }, () => new Float32Array(columns));
  const [lowest = new Float32Array(columns)] = levels;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      lowest[column] = (lowest[column] ?? 0) + (values[row * columns + column] ?? 0);
    }
    for (let level = 1; level < 4 && (row + 1) % 2 ** (level * levelBits) === 0; level++) {
      moveInto(levels[level], levels[level - 1]);
    }
  }
  for (const level of levels.slice(1)) moveInto(lowest, level);
  return lowest;
}

function moveInto(target: Float32Array | undefined, source: Float32Array | undefined): void {
  if (!target || !source) return;
  source.forEach((value, i) => (target[i] = (target[i] ?? 0) + value));
  source.fill(0);
}
