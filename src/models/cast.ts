import { bytesOf } from '../core/bytes';
import { bf16ToF32, f32ToF16, floatsOf, type FloatDtype } from '../core/dtype';
import { TunesmithError } from '../core/errors';
import type { DenseFormat } from '../ops/weight';

/** The formats of dense weights by the names that checkpoints give them. */
export const DENSE_FORMATS: Readonly<Record<FloatDtype, DenseFormat>> = {
  F32: 'f32',
  F16: 'f16',
  BF16: 'bf16',
};

/**
 * Converts a part of a tensor to another format, rounding to the nearest value, ties to even. Bytes that already have
 * the format are returned unchanged.
 *
 * @param name of the tensor, for messages
 * @throws TunesmithError `dtype_range` if a value is beyond what f16 can hold
 */
export function castElements(
  name: string,
  from: FloatDtype,
  to: DenseFormat,
  bytes: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  if (DENSE_FORMATS[from] === to) return bytes;
  if (to === 'bf16') throw new Error(`${name} is not stored in bf16`);
  if (to === 'f32') return bytesOf(floatsOf(from, bytes));
  const halves = from === 'BF16' ? halvesOfBf16(bytes) : halvesOfF32(floatsOf('F32', bytes));
  if (halves) return bytesOf(halves);
  throw new TunesmithError({ code: 'dtype_range', values: { name } });
}

const INFINITE = 0x7c00;

/** Converts f32 to halves; undefined if a finite value exceeds the range of halves. */
function halvesOfF32(floats: Float32Array): Uint16Array<ArrayBuffer> | undefined {
  const halves = f32ToF16(floats);
  for (let i = 0; i < halves.length; i++) {
    if (((halves[i] ?? 0) & 0x7fff) === INFINITE && Number.isFinite(floats[i])) return undefined;
  }
  return halves;
}

const BEYOND = 0x10000;
let halfByBf16: Uint32Array | undefined;

/** Uses a table of all 65,536 values, because it converts whole models. */
function halvesOfBf16(bytes: Uint8Array): Uint16Array<ArrayBuffer> | undefined {
  const source = new Uint16Array(new Uint8Array(bytes).buffer);
  const table = (halfByBf16 ??= makeTable());
  let beyond = 0;
  for (let i = 0; i < source.length; i++) {
    const half = table[source[i] ?? 0] ?? 0;
    beyond |= half;
    source[i] = half;
  }
  return beyond >= BEYOND ? undefined : source;
}

function makeTable(): Uint32Array {
  const floats = bf16ToF32(Uint16Array.from({ length: 65536 }, (_, i) => i));
  const halves = f32ToF16(floats);
  return Uint32Array.from(halves, (half, i) =>
    (half & 0x7fff) === INFINITE && Number.isFinite(floats[i]) ? BEYOND : half,
  );
}
