import type { PackedBuffers } from './format';
import { message, type Message } from '../../core/messages/message';

/** Elements in a word of codes or zero points. */
const WORD = 8;

/**
 * The common part of GPTQ and AWQ: whole numbers of 4 bits, with a half-precision scale and a zero point of 4 bits for each
 * `groupSize` input columns of an output row, W = scale (code - zero).
 *
 * scales  u32 [groups * out / 2]   half-precision, row-major over [groups, out], the one of lower index in the low half
 *         u32 [groups * out / 8]   zero points, eight to a word
 *         u32 [in]                 the group of each input column, if it isn't its place divided by groupSize
 */
export function groupedBuffers(groups: number, out: number, input: number, indexed: boolean): PackedBuffers {
  const scales = (groups * out) / 2 + (groups * out) / WORD + (indexed ? input : 0);
  return { codes: ((out * input) / WORD) * 4, scales: scales * 4 };
}

export function groupedRefusal(groupSize: number, out: number, input: number): Message | undefined {
  if (groupSize % 4 !== 0) return message('packing_groups', { size: groupSize, multiple: 4 });
  if (out % WORD !== 0) return message('packing_out', { rows: out, multiple: WORD });
  return input % WORD === 0 ? undefined : message('packing_rows', { multiple: WORD });
}

/** The overrides of shaders/lib/grouped_scales.wgsl. */
export function groupedOverrides(
  groupSize: number,
  groups: number,
  out: number,
  input: number,
): Readonly<Record<string, number>> {
  return { packed_in4: input / 4, packed_out: out, group4: groupSize / 4, groups };
}
