/**
 * Element types by the names that safetensors gives them, and the conversions between the float formats.
 *
 * The order is that of the reference implementation (narrow before wide): its writer stores tensors of the
 * later types first.
 */
const bitsByDtype = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const;

export type Dtype = keyof typeof bitsByDtype;

/** All dtypes, in the order by which safetensors files are laid out (the last come first in a file). */
export const dtypes = Object.keys(bitsByDtype) as readonly Dtype[];

export function isDtype(name: string): name is Dtype {
  return Object.hasOwn(bitsByDtype, name);
}

/** Bits of one element. Fewer than eight for the packed formats. */
export function dtypeBits(dtype: Dtype): number {
  return bitsByDtype[dtype];
}

/** The dtypes that hold numbers a model can be trained on here. */
export type FloatDtype = 'F32' | 'F16' | 'BF16';

export function isFloatDtype(dtype: string): dtype is FloatDtype {
  return dtype === 'F32' || dtype === 'F16' || dtype === 'BF16';
}

/** The largest relative change of a value by rounding to the nearest. */
export const NEAREST: Readonly<Record<FloatDtype, number>> = { F32: 2 ** -24, F16: 2 ** -11, BF16: 2 ** -8 };

const scratch = new DataView(new ArrayBuffer(4));

/** The f32 whose upper half is this bfloat16. Exact. */
export function bf16ToF32(source: Uint16Array): Float32Array<ArrayBuffer> {
  const bits = new Uint32Array(source.length);
  for (let i = 0; i < source.length; i++) bits[i] = (source[i] ?? 0) << 16;
  return new Float32Array(bits.buffer);
}

/** Rounds to the nearest bfloat16, ties to even. NaN stays NaN (made quiet); what is too large becomes infinite. */
export function f32ToBf16(source: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  const result = new Uint16Array(source.length);
  for (let i = 0; i < bits.length; i++) {
    const value = bits[i] ?? 0;
    const isNaN = (value & 0x7fffffff) > 0x7f800000;
    result[i] = isNaN ? (value >>> 16) | 0x40 : (value + 0x7fff + ((value >>> 16) & 1)) >>> 16;
  }
  return result;
}

/** The f32 equal to this IEEE half. Exact, subnormals and NaN payloads included. */
export function f16ToF32(source: Uint16Array): Float32Array<ArrayBuffer> {
  const table = f16Table();
  const bits = new Uint32Array(source.length);
  for (let i = 0; i < source.length; i++) bits[i] = table[source[i] ?? 0] ?? 0;
  return new Float32Array(bits.buffer);
}

/** Rounds to the nearest IEEE half, ties to even. NaN stays NaN (made quiet); what is too large becomes infinite. */
export function f32ToF16(source: Float32Array): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(source.buffer, source.byteOffset, source.length);
  const result = new Uint16Array(source.length);
  for (let i = 0; i < bits.length; i++) result[i] = f16Bits(bits[i] ?? 0);
  return result;
}

/** The bits of infinity in each format of 16 bits. */
const INFINITE = { F16: 0x7c00, BF16: 0x7f80 } as const;

/**
 * Rounds finite values to the nearest of a dtype, ties to even; for F32, returns `values` itself.
 *
 * @throws RangeError for a value beyond the range of the dtype
 */
export function roundedTo(dtype: FloatDtype, values: Float32Array): Float32Array | Uint16Array<ArrayBuffer> {
  if (dtype === 'F32') return values;
  const rounded = dtype === 'F16' ? f32ToF16(values) : f32ToBf16(values);
  // A loop: a callback for each of millions of values would take longer than rounding them.
  for (let i = 0; i < rounded.length; i++) {
    if (((rounded[i] ?? 0) & 0x7fff) === INFINITE[dtype]) {
      throw new RangeError(`${values[i]} is beyond the range of ${dtype}`);
    }
  }
  return rounded;
}

/** The bits of the IEEE half nearest to an f32, as `f32ToF16` rounds. */
export function halfBits(value: number): number {
  single[0] = value;
  return f16Bits(singleBits[0] ?? 0);
}

const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

const MAGIC = 0.5; // 2^-1: its last mantissa bit is worth 2^-24, the smallest half

function f16Bits(bits: number): number {
  const sign = (bits >>> 16) & 0x8000;
  const magnitude = bits & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff); // NaN
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // rounds to 65536 or beyond
  if (magnitude < 0x38800000) {
    // Below 2^-14 halves are evenly spaced. Adding 0.5 in f32 leaves just their bits, rounded by the addition.
    scratch.setUint32(0, magnitude);
    scratch.setFloat32(0, scratch.getFloat32(0) + MAGIC);
    return sign | (scratch.getUint32(0) - 0x3f000000);
  }
  const rebiased = magnitude - 0x38000000;
  return sign | ((rebiased + 0xfff + ((rebiased >>> 13) & 1)) >>> 13);
}

let f16TableMade: Uint32Array | undefined;

/** f32 bits by half bits: 256 KiB, made at the first use. */
function f16Table(): Uint32Array {
  if (f16TableMade) return f16TableMade;
  const table = new Uint32Array(65536);
  for (let half = 0; half < 65536; half++) {
    const sign = (half & 0x8000) << 16;
    const exponent = (half >>> 10) & 0x1f;
    const mantissa = half & 0x3ff;
    if (exponent === 0x1f) table[half] = sign | 0x7f800000 | (mantissa << 13);
    else if (exponent > 0) table[half] = sign | ((exponent + 112) << 23) | (mantissa << 13);
    else {
      scratch.setFloat32(0, mantissa * 2 ** -24);
      table[half] = sign | scratch.getUint32(0);
    }
  }
  f16TableMade = table;
  return table;
}

/** The little-endian bytes of a float tensor as f32 values. Exact. The result never shares the bytes' memory. */
export function floatsOf(dtype: FloatDtype, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const own = new Uint8Array(bytes).buffer; // typed arrays need an aligned start, which a view into a file may lack
  if (dtype === 'F32') return new Float32Array(own);
  return dtype === 'F16' ? f16ToF32(new Uint16Array(own)) : bf16ToF32(new Uint16Array(own));
}
