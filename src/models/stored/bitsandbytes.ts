import * as v from 'valibot';
import { TunesmithError } from '../../core/errors';
import { elementCount, sameShape } from '../../core/shape';
import { message } from '../../core/messages/message';
import { issueReason } from '../../core/issue_reason';
import { nf4Code } from '../../formats/nf4';
import { packNf4Scales } from '../../ops/nf4_scales';
import { packedBuffers } from '../../ops/packings/packed';
import type { Nf4Packing } from '../../ops/weight';
import { requireFinite } from '../finite';
import { damaged, readWhole, type WeightParts } from './parts';
import type { StoredTensor, StoredWeight } from './stored_weight';

/** The block sizes that bitsandbytes allows. */
const BLOCK_SIZES = [32, 64, 128, 256, 512, 1024, 2048, 4096] as const;
/** Upper limit for the JSON of the state, which has some two hundred bytes. */
const MOST_STATE_BYTES = 65536;
const STATE = 'weight.quant_state.bitsandbytes__nf4';

const PARTS = [
  'weight',
  'weight.absmax',
  'weight.quant_map',
  'weight.nested_absmax',
  'weight.nested_quant_map',
] as const;

const QuantState = v.looseObject({
  quant_type: v.literal('nf4'),
  blocksize: v.number(),
  shape: v.array(v.number()),
  nested_blocksize: v.nullish(v.number()),
  nested_offset: v.nullish(v.pipe(v.number(), v.finite())),
});
type QuantState = v.InferOutput<typeof QuantState>;

/** Whether a module's weight is stored by bitsandbytes in 4 bits. Throws for its other formats. */
export function isBitsAndBytes(parts: WeightParts): boolean {
  for (const part of ['weight.quant_state.bitsandbytes__fp4', 'SCB', 'weight_format']) {
    if (!parts.has(part)) continue;
    const form = part.endsWith('fp4') ? 'FP4' : 8;
    throw new TunesmithError({
      code: 'quantization_unsupported',
      values: { fault: message('quantization_bitsandbytes', { path: parts.path, form }) },
    });
  }
  return parts.has(STATE);
}

/**
 * A weight [out, in] that bitsandbytes stored in NF4. The sizes of blocks follow from the numbers of scales. When the
 * scales are read, the weight's own JSON is checked for the same sizes and for NF4's values. Throws `tensor_…` naming
 * the part.
 */
export function bitsAndBytesWeight(parts: WeightParts, out: number, input: number): StoredWeight {
  const { path } = parts;
  parts.only([...PARTS, STATE, 'bias']);
  const count = out * input;
  const codes = storedCodes(parts, count / 2);
  const doubleQuant = parts.has('weight.nested_absmax');
  const scales = elementCount(parts.get('weight.absmax').shape);
  parts.typed('weight.absmax', doubleQuant ? 'U8' : 'F32', [scales]);
  const nested = doubleQuant ? elementCount(parts.get('weight.nested_absmax').shape) : 1;
  const packing: Nf4Packing = {
    format: 'nf4',
    blockSize: blockSizeOf(`${path}.weight.absmax`, count, scales),
    doubleQuant,
    nestedBlockSize: doubleQuant ? blockSizeOf(`${path}.weight.nested_absmax`, scales, nested) : 256,
  };
  if (parts.get(STATE).end - parts.get(STATE).begin > MOST_STATE_BYTES) {
    throw damaged('quant_state', message('quant_state_long', { name: `${path}.${STATE}` }));
  }
  const bytes = packedBuffers(packing, out, input);
  const make = (): Promise<Uint8Array<ArrayBuffer>> => makeScales(parts, packing, [out, input]);
  const buffers = { codes: { bytes: bytes.codes, copy: codes }, scales: { bytes: bytes.scales ?? 0, make } };
  return { kind: 'packed', packing, buffers };
}

/**
 * The codes, two a byte. `bnb_4bit_quant_storage` gives the same bytes another dtype, so that FSDP can shard them. So
 * the dtype has no meaning, and the number of bytes is checked instead.
 */
function storedCodes(parts: WeightParts, bytes: number): StoredTensor {
  const codes = parts.get('weight');
  if (!STORAGE_DTYPES.includes(codes.dtype)) {
    const values = { name: codes.name, dtype: codes.dtype, allowed: STORAGE_DTYPES };
    throw damaged('tensor_dtype', message('tensor_other_dtypes', values));
  }
  const found = codes.end - codes.begin;
  if (found === bytes) return codes;
  throw damaged('tensor_shape', message('tensor_bytes', { name: codes.name, found, expected: bytes }));
}

/** The dtypes that bitsandbytes allows for `bnb_4bit_quant_storage`. */
const STORAGE_DTYPES = ['U8', 'I8', 'F16', 'BF16', 'F32'];

/**
 * The block size with which `count` elements make this many blocks. If there is only one block, any sufficient size is
 * right, and 256 is preferred.
 */
function blockSizeOf(name: string, count: number, blocks: number): number {
  const size = [256, ...BLOCK_SIZES].find((candidate) => Math.ceil(count / candidate) === blocks);
  if (size !== undefined) return size;
  throw damaged('tensor_shape', message('tensor_scales', { name, scales: blocks, elements: count }));
}

async function makeScales(
  parts: WeightParts,
  packing: Nf4Packing,
  shape: readonly number[],
): Promise<Uint8Array<ArrayBuffer>> {
  const { path } = parts;
  const { doubleQuant } = packing;
  const absmax = await readWhole(parts.get('weight.absmax'));
  if (!doubleQuant) requireFinite(`${path}.weight.absmax`, 'f32', absmax);
  const map = await readFloats(parts.typed('weight.quant_map', 'F32', [16]));
  if (map.some((value, code) => Math.abs(value - (nf4Code[code] ?? 0)) > 2 ** -22)) {
    throw damaged('quant_map', message('quant_map_values', { name: `${path}.weight.quant_map` }));
  }
  const state = await readState(parts, packing, absmax.length / (doubleQuant ? 1 : 4), shape);
  if (!doubleQuant) return bytes(packNf4Scales(new Float32Array(absmax.buffer)));
  const nestedAbsmax = await readFloats(parts.typed('weight.nested_absmax', 'F32', [nestedCount(parts)]));
  const nestedQuantMap = await readFloats(parts.typed('weight.nested_quant_map', 'F32', [256]));
  const { nested_offset: offset } = state;
  if (typeof offset !== 'number') {
    throw damaged('quant_state', message('quant_state_offset', { name: `${path}.${STATE}` }));
  }
  return bytes(packNf4Scales({ absmax, nestedAbsmax, nestedQuantMap, offset }));
}

function nestedCount(parts: WeightParts): number {
  return elementCount(parts.get('weight.nested_absmax').shape);
}

/** Throws `quant_state` unless the weight's JSON agrees with the numbers of scales. */
async function readState(
  parts: WeightParts,
  { blockSize, doubleQuant, nestedBlockSize }: Nf4Packing,
  scales: number,
  shape: readonly number[],
): Promise<QuantState> {
  const name = `${parts.path}.${STATE}`;
  const parsed = v.safeParse(QuantState, parseJson(await readWhole(parts.get(STATE))));
  if (!parsed.success) {
    const [issue] = parsed.issues;
    const values = { name, field: v.getDotPath(issue) ?? undefined, reason: issueReason(issue) };
    throw damaged('quant_state', message('quant_state_field', values));
  }
  const state = parsed.output;
  const shown = (value: unknown): string => (value === undefined ? 'undefined' : JSON.stringify(value));
  const differs = (field: string, said: unknown, found: unknown): TunesmithError => {
    const values = { name, field, said: shown(said), found: shown(found) };
    return damaged('quant_state', message('quant_state_differs', values));
  };
  if (!sameShape(state.shape, shape)) throw differs('shape', state.shape, shape);
  // Block sizes that cover all elements are equivalent.
  const count = elementCount(shape);
  const known = (size: number): boolean => BLOCK_SIZES.some((candidate) => candidate === size);
  const same = (size: number, found: number, of: number): boolean =>
    known(size) && (size === found || (size >= of && found >= of));
  if (!same(state.blocksize, blockSize, count)) throw differs('blocksize', state.blocksize, blockSize);
  const nested = state.nested_blocksize;
  if (doubleQuant && (typeof nested !== 'number' || !same(nested, nestedBlockSize, scales))) {
    throw differs('nested_blocksize', nested, nestedBlockSize);
  }
  return state;
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}

async function readFloats(tensor: StoredTensor): Promise<Float32Array<ArrayBuffer>> {
  const bytes = await readWhole(tensor);
  requireFinite(tensor.name, 'f32', bytes);
  return new Float32Array(bytes.buffer);
}

function bytes(words: Uint32Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  return new Uint8Array(words.buffer);
}
