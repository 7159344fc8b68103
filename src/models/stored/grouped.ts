import { bytesOf, concatBytes } from '../../core/bytes';
import { message } from '../../core/messages/message';
import { zerosOfFirstLayout } from '../../formats/gptq';
import { packedBuffers, packingRefusal } from '../../ops/packings/packed';
import type { AwqPacking, GptqPacking } from '../../ops/weight';
import { requireFinite } from '../finite';
import { damaged, readWhole, readWords, type WeightParts } from './parts';
import type { Published } from './quantization_config';
import type { StoredTensor, StoredWeight } from './stored_weight';

/** A weight [out, in] that GPTQ stored in 4 bits. Throws `tensor_…` naming the part. */
export function gptqWeight(
  parts: WeightParts,
  out: number,
  input: number,
  published: Extract<Published, { method: 'gptq' }>,
): StoredWeight {
  const { groupSize = input, actOrder } = published;
  const packing: GptqPacking = { format: 'gptq', groupSize, actOrder };
  checkPacking(parts, packing, out, input);
  const groups = Math.ceil(input / groupSize);
  const codes = parts.typed('qweight', 'I32', [input / 8, out]);
  const { scales, zeros } = tablesOf(parts, groups, out);
  // Old files without act-order may lack the index, which they don't need.
  const index = actOrder || parts.has('g_idx') ? parts.typed('g_idx', 'I32', [input]) : undefined;
  return packed(packing, out, input, codes, async () => {
    const words = await readWords(zeros);
    const groupOf = index && (await readWords(index));
    if (groupOf) checkIndex(`${parts.path}.g_idx`, groupOf, groups, packing);
    return concatBytes([
      await readScales(scales),
      bytesOf(published.firstLayout ? zerosOfFirstLayout(words) : words),
      ...(groupOf && actOrder ? [bytesOf(groupOf)] : []),
    ]);
  });
}

/** A weight [out, in] that AWQ stored in 4 bits. Throws `tensor_…` naming the part. */
export function awqWeight(
  parts: WeightParts,
  out: number,
  input: number,
  { groupSize = input }: Extract<Published, { method: 'awq' }>,
): StoredWeight {
  const packing: AwqPacking = { format: 'awq', groupSize };
  checkPacking(parts, packing, out, input);
  const codes = parts.typed('qweight', 'I32', [input, out / 8]);
  const { scales, zeros } = tablesOf(parts, Math.ceil(input / groupSize), out);
  return packed(packing, out, input, codes, async () =>
    concatBytes([await readScales(scales), await readWhole(zeros)]),
  );
}

async function readScales(tensor: StoredTensor): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = await readWhole(tensor);
  requireFinite(tensor.name, 'f16', bytes);
  return bytes;
}

function tablesOf(
  parts: WeightParts,
  groups: number,
  out: number,
): { readonly scales: StoredTensor; readonly zeros: StoredTensor } {
  return {
    scales: parts.typed('scales', 'F16', [groups, out]),
    zeros: parts.typed('qzeros', 'I32', [groups, out / 8]),
  };
}

function packed(
  packing: GptqPacking | AwqPacking,
  out: number,
  input: number,
  copy: StoredTensor,
  make: () => Promise<Uint8Array<ArrayBuffer>>,
): StoredWeight {
  const { codes, scales = 0 } = packedBuffers(packing, out, input);
  return {
    kind: 'packed',
    packing,
    buffers: { codes: { bytes: codes, copy }, scales: { bytes: scales, make } },
  };
}

function checkPacking(
  parts: WeightParts,
  packing: GptqPacking | AwqPacking,
  out: number,
  input: number,
): void {
  const fault = packingRefusal(packing, out, input);
  if (fault === undefined) return;
  const values = { name: `${parts.path}.qweight`, out, input, fault };
  throw damaged('tensor_shape', message('tensor_packing', values));
}

/** Throws `tensor_groups` for groups that don't exist, or in another order than config.json says. */
function checkIndex(
  name: string,
  groupOf: Uint32Array,
  groups: number,
  { groupSize, actOrder }: GptqPacking,
): void {
  const column = groupOf.findIndex((group, k) =>
    actOrder ? group >= groups : group !== Math.floor(k / groupSize),
  );
  if (column < 0) return;
  const group = groupOf[column] ?? 0;
  throw damaged(
    'tensor_groups',
    message('tensor_group', { name, column, group, ...(actOrder && { groups }) }),
  );
}
