import * as v from 'valibot';
import { sha256Hex } from '../core/bytes';
import { TunesmithError } from '../core/errors';
import { elementCount } from '../core/shape';
import { message, type Message } from '../core/messages/message';
import type { BufferPool } from '../gpu/buffers';
import { packingRefusal } from '../ops/packings/packed';
import type { DenseFormat, Packing } from '../ops/weight';
import { DENSE_FORMATS } from './cast';
import type { Checkpoint, FileReader } from './files';
import { bufferSizes, slotsOf, type ModelLayout, type WeightSlot } from './layout';
import { PIECE_BYTES } from './pieces';
import { checkpointTensors, type ModelSpec, type TensorSpec } from './spec';
import type { StoredTensor, StoredWeight } from './stored/stored_weight';

/*
 * A base in the form that it has on a device, as one file: the buffers of all tensors one after the other, in the order
 * of the forward pass. A buffer that a device's limits split into parts is whole in the file, so any device can open
 * it. Each 8 MiB have a hash.
 */

/** How each matrix of a base is stored, by its name; vectors are always f32. Plain JSON. */
export type BaseForms = Readonly<Record<string, DenseFormat | Packing>>;

const whole = v.pipe(v.number(), v.integer(), v.minValue(1));

const packingSchema = v.variant('format', [
  v.object({
    format: v.literal('nf4'),
    blockSize: whole,
    doubleQuant: v.boolean(),
    nestedBlockSize: whole,
  }),
  v.object({ format: v.literal('gptq'), groupSize: whole, actOrder: v.boolean() }),
  v.object({ format: v.literal('awq'), groupSize: whole }),
  v.object({ format: v.picklist(['q8_0', 'q4_0', 'q4_1', 'q4_k', 'q6_k']) }),
]) satisfies v.GenericSchema<unknown, Packing>;

export const baseFormsSchema = v.record(
  v.string(),
  v.union([v.picklist(['f32', 'f16', 'bf16']), packingSchema]),
);

export function baseForms(layout: ModelLayout): BaseForms {
  const forms: Record<string, DenseFormat | Packing> = {};
  for (const [name, tensor] of layout.tensors) {
    if (tensor.kind !== 'vector') forms[name] = tensor.kind === 'dense' ? tensor.format : tensor.packing;
  }
  return forms;
}

/** Bytes of a base's file. */
export function baseBytes(layout: ModelLayout): number {
  return [...layout.tensors.values()].flatMap(slotsOf).reduce((sum, { bytes }) => sum + bytes, 0);
}

/** The part of a loaded model that reading it back from the device needs. */
export interface ReadableModel {
  readonly device: { readonly buffers: Pick<BufferPool, 'readRanges'> };
  readonly layout: ModelLayout;
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
}

/**
 * A base's file in pieces of 8 MiB, read back from the device: while the caller uses one, the next is being read.
 *
 * @param onPiece called with the offset of the piece and with its bytes
 */
export async function readBase(
  { device, layout, buffers }: ReadableModel,
  onPiece: (begin: number, bytes: Uint8Array<ArrayBuffer>) => Promise<void>,
): Promise<void> {
  const pieces = piecesOf([...layout.tensors.values()].flatMap(slotsOf));
  const read = async (index: number): Promise<Uint8Array<ArrayBuffer> | undefined> => {
    const ranges = pieces[index]?.map(({ slot, offset, bytes }) => {
      const buffer = buffers.get(slot);
      if (!buffer) throw new Error(`no buffer for ${slot}`);
      return { buffer, offset, bytes };
    });
    return ranges && new Uint8Array(await device.buffers.readRanges(ranges));
  };
  let begin = 0;
  let next = read(0);
  for (let index = 0; index < pieces.length; index++) {
    const bytes = await next;
    next = read(index + 1);
    next.catch(() => undefined);
    if (!bytes) return;
    await onPiece(begin, bytes);
    begin += bytes.length;
  }
}

interface SlotRange extends WeightSlot {
  readonly offset: number;
}

/** The ranges of slots that make up each piece of the file. */
function piecesOf(slots: readonly WeightSlot[]): SlotRange[][] {
  const pieces: SlotRange[][] = [];
  let at = 0;
  for (const { slot, bytes } of slots) {
    for (let offset = 0; offset < bytes;) {
      const room = PIECE_BYTES - (at % PIECE_BYTES);
      const length = Math.min(room, bytes - offset);
      (pieces[Math.floor(at / PIECE_BYTES)] ??= []).push({ slot, offset, bytes: length });
      offset += length;
      at += length;
    }
  }
  return pieces;
}

/** The parts of a base's small files that opening a model needs. */
export type BaseFacts = Pick<
  Checkpoint,
  | 'config'
  | 'tokenizer'
  | 'tokenizerConfig'
  | 'templateFile'
  | 'generationConfig'
  | 'texts'
  | 'ggufTokenizer'
  | 'notes'
>;

/**
 * A base's file as a checkpoint of its own: nothing needs to be quantised or cast. The spec and the forms alone
 * determine the length of the file and the place of each tensor.
 *
 * @throws TunesmithError `base_damaged` if the forms are not those of the spec's tensors, or the file is of another length
 */
export function baseCheckpoint(
  spec: ModelSpec,
  facts: BaseFacts,
  forms: BaseForms,
  file: FileReader,
): Checkpoint {
  const stored = new Map<string, StoredWeight>();
  const cursor = { at: 0 };
  const tensors = checkpointTensors(spec);
  for (const tensor of tensors) stored.set(tensor.name, storedWeight(tensor, forms, file, cursor));
  const matrices = tensors.filter(({ kind }) => kind !== 'vector').length;
  if (Object.keys(forms).length !== matrices || cursor.at !== file.size) {
    throw baseDamaged(message('base_size', { size: file.size, expected: cursor.at }));
  }
  // The offset has already been added to the norms.
  return { ...facts, spec: { ...spec, normOffset: 0 }, stored, files: [file] };
}

/** The dtypes of checkpoints by the formats of dense weights. */
const DTYPES = new Map(Object.entries(DENSE_FORMATS).map(([dtype, format]) => [format, dtype]));

function storedWeight(
  { name, shape, kind }: TensorSpec,
  forms: BaseForms,
  file: FileReader,
  cursor: { at: number },
): StoredWeight {
  const own = Object.hasOwn(forms, name) ? forms[name] : undefined;
  const form = kind === 'vector' ? 'f32' : own;
  if (form === undefined) {
    throw baseDamaged(message('base_form', { name }));
  }
  const take = (bytes: number, dtype: string): StoredTensor => {
    const begin = cursor.at;
    cursor.at += bytes;
    return { name, file, begin, end: cursor.at, dtype, shape };
  };
  if (typeof form === 'string') {
    const tensor = take(elementCount(shape) * (form === 'f32' ? 4 : 2), DTYPES.get(form) ?? 'F32');
    return { kind: 'dense', tensor, kept: true };
  }
  const [out = 0, input = 0] = shape;
  if (kind !== 'linear') throw baseDamaged(message('base_not_linear', { name }));
  const fault = packingRefusal(form, out, input);
  if (fault !== undefined) throw baseDamaged(message('base_tensor', { name, fault }));
  const buffers = bufferSizes(form, out, input).map(
    ([key, bytes]) => [key, { bytes, copy: take(bytes, 'U8') }] as const,
  );
  return { kind: 'packed', packing: form, buffers: Object.fromEntries(buffers) };
}

/**
 * Reads a file and compares every 8 MiB with their hash before it returns any of them. It keeps the last piece, so that
 * reads of parts of it don't repeat the comparison.
 *
 * @param hashes SHA-256 of each 8 MiB
 */
export function verifiedReader(file: FileReader, hashes: readonly string[]): FileReader {
  let kept: { readonly index: number; readonly bytes: Promise<Uint8Array<ArrayBuffer>> } | undefined;
  const verified = async (index: number, into?: ArrayBuffer): Promise<Uint8Array<ArrayBuffer>> => {
    const begin = index * PIECE_BYTES;
    const bytes = await file.read(begin, Math.min(begin + PIECE_BYTES, file.size), into);
    if ((await sha256Hex(bytes)) === hashes[index]) return bytes;
    throw baseDamaged(message('base_bytes', { begin }));
  };
  const piece = async (index: number): Promise<Uint8Array<ArrayBuffer>> => {
    if (kept?.index !== index) kept = { index, bytes: verified(index) };
    return await kept.bytes;
  };
  return {
    name: file.name,
    size: file.size,
    async read(begin, end, into) {
      const first = Math.floor(begin / PIECE_BYTES);
      const last = Math.max(first, Math.ceil(end / PIECE_BYTES) - 1);
      const isWhole = begin === first * PIECE_BYTES && end === Math.min(begin + PIECE_BYTES, file.size);
      if (isWhole) return await verified(first, into);
      const start = first * PIECE_BYTES;
      if (first === last) return (await piece(first)).subarray(begin - start, end - start);
      const bytes = new Uint8Array(end - begin);
      for (let index = first; index <= last; index++) {
        const at = index * PIECE_BYTES;
        const part = (await piece(index)).subarray(Math.max(0, begin - at), Math.min(PIECE_BYTES, end - at));
        bytes.set(part, Math.max(0, at - begin));
      }
      return bytes;
    },
  };
}

export function baseDamaged(fault: Message, cause?: unknown): TunesmithError {
  return new TunesmithError({ code: 'base_damaged', values: { fault }, cause });
}
