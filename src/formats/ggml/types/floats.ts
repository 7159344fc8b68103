import { bytesOf } from '../../../core/bytes';
import { roundedTo, type FloatDtype } from '../../../core/dtype';
import type { GgmlFloats } from '../format';

export const f32 = {
  ...({ name: 'F32', number: 0, elements: 1, bytes: 4 } as const),
  round: rounding('F32'),
} as const satisfies GgmlFloats;

export const f16 = {
  ...({ name: 'F16', number: 1, elements: 1, bytes: 2 } as const),
  round: rounding('F16'),
} as const satisfies GgmlFloats;

export const bf16 = {
  ...({ name: 'BF16', number: 30, elements: 1, bytes: 2 } as const),
  round: rounding('BF16'),
} as const satisfies GgmlFloats;

function rounding(dtype: FloatDtype): GgmlFloats['round'] {
  return (values) => bytesOf(roundedTo(dtype, values)) as Uint8Array<ArrayBuffer>;
}
