import type { GgmlFloats, GgmlFormat, GgmlReadable, GgmlWritable } from './format';
import { bf16, f16, f32 } from './types/floats';
import { iq4Nl } from './types/iq4_nl';
import { iq4Xs } from './types/iq4_xs';
import { mxfp4 } from './types/mxfp4';
import { q2K } from './types/q2_k';
import { q3K } from './types/q3_k';
import { q40 } from './types/q4_0';
import { q41 } from './types/q4_1';
import { q4K } from './types/q4_k';
import { q50 } from './types/q5_0';
import { q51 } from './types/q5_1';
import { q5K } from './types/q5_k';
import { q6K } from './types/q6_k';
import { q80 } from './types/q8_0';
import { sizes } from './types/sizes';

/** ggml's tensor types. */
const TYPES = [
  ...[f32, f16, bf16, q80, q40, q41, q50, q51, q2K, q3K, q4K, q5K, q6K, iq4Nl, iq4Xs, mxfp4],
  ...sizes,
] as const satisfies readonly GgmlFormat[];

type Known = (typeof TYPES)[number];
export type GgmlType = Known['name'];

/** The block formats that can be dequantised. */
export type GgmlPacked = Extract<Known, GgmlReadable>['name'];
/** The types that can be encoded. */
export type GgmlEncoded = Extract<Known, GgmlFloats | GgmlWritable>['name'];

const byName = <T extends GgmlFormat>(types: readonly T[]): ReadonlyMap<string, T> =>
  new Map(types.map((type) => [type.name, type]));

const all = byName<GgmlFormat>(TYPES);
const floats = byName<GgmlFloats>(TYPES.filter((type) => 'round' in type));
const readable = byName<GgmlReadable>(TYPES.filter((type) => 'unpack' in type));
const writable = byName<GgmlWritable>(TYPES.filter((type) => 'pack' in type));

export const ggmlPacked = [...readable.keys()] as readonly GgmlPacked[];
export const ggmlEncoded = [...floats.keys(), ...writable.keys()] as readonly GgmlEncoded[];

export function isGgmlPacked(type: string): type is GgmlPacked {
  return readable.has(type);
}

/** The number of a type in files, and the size of its blocks. */
export function ggmlFormat(type: GgmlType): GgmlFormat {
  return all.get(type)!;
}

export function ggmlFloats(type: Exclude<GgmlEncoded, GgmlPacked>): GgmlFloats {
  return floats.get(type)!;
}

export function ggmlReadable(type: GgmlPacked): GgmlReadable {
  return readable.get(type)!;
}

export function ggmlWritable(type: GgmlEncoded & GgmlPacked): GgmlWritable {
  return writable.get(type)!;
}

/** The type that llama.cpp takes for a matrix whose rows are no whole blocks of this type. */
export function ggmlNarrower(type: GgmlEncoded): GgmlEncoded {
  const known: Known | undefined = TYPES.find(({ name }) => name === type);
  return known && 'narrower' in known ? known.narrower : 'F16';
}

/** The type with this number; undefined for unknown numbers and for types that ggml has removed. */
export function ggmlType(number: number): GgmlType | undefined {
  return TYPES.find((type) => type.number === number)?.name;
}
