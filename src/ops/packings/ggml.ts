import { alignUp } from '../../core/align';
import { message } from '../../core/messages/message';
import { ggmlFormat as formatOf, type GgmlPacked } from '../../formats/ggml/types';
import type { GgmlPacking, Packing } from '../weight';
import type { WeightFormat } from './format';

const TYPES = {
  q8_0: 'Q8_0',
  q4_0: 'Q4_0',
  q4_1: 'Q4_1',
  q4_k: 'Q4_K',
  q6_k: 'Q6_K',
} as const satisfies Record<GgmlPacking['format'], GgmlPacked>;

/** The packing of a ggml type that runs as stored; undefined for the others. */
export function ggmlPacking(type: string): GgmlPacking | undefined {
  const format = (Object.keys(TYPES) as GgmlPacking['format'][]).find((key) => TYPES[key] === type);
  return format && { format };
}

/** The type that a packing has in GGUF files; undefined for packings that are not ggml's. */
export function ggmlTypeOf({ format }: Packing): GgmlPacked | undefined {
  return Object.entries(TYPES).find(([key]) => key === format)?.[1];
}

/**
 * ggml's block formats (src/formats/ggml has their layouts): rows of whole blocks, one after the other.
 *
 * codes   u32   the bytes as a GGUF file has them, four to a little-endian word, with zeros up to a whole word. Blocks need
 *               not begin at a word, but do at an even byte
 */
export const ggmlFormat: WeightFormat<GgmlPacking> = {
  buffers({ format }, out, input) {
    const { elements, bytes } = formatOf(TYPES[format]);
    return { codes: alignUp(((out * input) / elements) * bytes, 4) };
  },
  refusal({ format }, _out, input) {
    const { elements } = formatOf(TYPES[format]);
    return input % elements === 0 ? undefined : message('packing_rows', { multiple: elements });
  },
  reader: ({ format }) => ({ constants: { [`WEIGHT_${format.toUpperCase()}`]: true }, overrides: {} }),
};
