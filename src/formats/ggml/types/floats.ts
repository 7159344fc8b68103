import { f32ToBf16, f32ToF16 } from '../../../core/dtype';
import type { GgmlFloats } from '../format';

export const f32 = {
  ...({ name: 'F32', number: 0, elements: 1, bytes: 4 } as const),
  round: (values) => new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
} as const satisfies GgmlFloats;

export const f16 = {
  ...({ name: 'F16', number: 1, elements: 1, bytes: 2 } as const),
  round: (values) => requireBounded(f32ToF16(values), 0x7c00),
} as const satisfies GgmlFloats;

export const bf16 = {
  ...({ name: 'BF16', number: 30, elements: 1, bytes: 2 } as const),
  round: (values) => requireBounded(f32ToBf16(values), 0x7f80),
} as const satisfies GgmlFloats;

/** @param infinite the bits of the format's infinity, which a value beyond its range is rounded to */
function requireBounded(rounded: Uint16Array<ArrayBuffer>, infinite: number): Uint8Array<ArrayBuffer> {
  for (let i = 0; i < rounded.length; i++) {
    if ((rounded[i]! & 0x7fff) === infinite) throw new RangeError('A weight is beyond the range of its type');
  }
  return new Uint8Array(rounded.buffer);
}
