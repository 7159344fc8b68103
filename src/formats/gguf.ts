import { alignUp } from '../core/align';
import { TunesmithError } from '../core/errors';
import { refuseLfsPointer } from '../core/lfs_pointer';
import { elementCount, shapeText, type Shape } from '../core/shape';
import { message } from '../core/messages/message';
import { ggmlFormat, ggmlType, type GgmlType } from './ggml/types';
import { EndOfBytes, GgufReader, type GgufValue } from './gguf_reader';

/** A file, wherever it lies, from which a header is read. */
export interface ByteSource {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  read(begin: number, end: number): Promise<Uint8Array>;
}

export interface GgufTensor {
  readonly type: GgmlType;
  /** Outermost axis first, as everywhere in this program; the file has the innermost first. */
  readonly shape: Shape;
  /** Offset of its first byte, counted from the start of the file. */
  readonly begin: number;
  /** Offset of the byte after its last. */
  readonly end: number;
}

export interface GgufHeader {
  readonly version: number;
  /** By key, in the file's order. */
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** The bytes of each entry's type and value, by key. */
  readonly encoded: ReadonlyMap<string, Uint8Array>;
  /** By name, in the order of their bytes in the file. */
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

/** Headers hold a tokenizer's words; the largest known take 30 MB. */
const MAX_HEADER_BYTES = 256 * 1024 * 1024;
const FIRST_BYTES = 1024 * 1024;
const DEFAULT_ALIGNMENT = 32;
const MAX_ALIGNMENT = 65536;
const MAX_NAME_BYTES = 65535;
const MAX_AXES = 4;
/** The fewest bytes that an entry can take: a key's length, one byte of it, type and value; a tensor with one axis. */
const METADATA_ENTRY_BYTES = 8 + 1 + 4 + 1;
const TENSOR_ENTRY_BYTES = 8 + 1 + 4 + 8 + 4 + 8;

/**
 * Reads and checks the header of a GGUF file, version 2 or 3, little-endian (ggml-org, "GGUF specification"). It
 * requests no bytes beyond the header. It compares counts and lengths with the file's size before it allocates anything
 * for them. Throws `gguf_…` naming the file and the key or the tensor.
 */
export async function readGgufHeader(file: ByteSource): Promise<GgufHeader> {
  const most = Math.min(file.size, MAX_HEADER_BYTES);
  let bytes = await file.read(0, Math.min(FIRST_BYTES, most));
  refuseLfsPointer(file.name, file.size, bytes);
  for (;;) {
    try {
      return parseGgufHeader(bytes, file.size, file.name);
    } catch (error) {
      if (!(error instanceof EndOfBytes)) throw error;
    }
    if (bytes.length >= most) {
      throw new TunesmithError({ code: 'gguf_header_cut', values: { file: file.name, empty: most === 0 } });
    }
    const longer = new Uint8Array(Math.min(bytes.length * 4, most));
    longer.set(bytes);
    longer.set(await file.read(bytes.length, longer.length), bytes.length);
    bytes = longer;
  }
}

/** Throws `EndOfBytes` if the header continues after `bytes`. */
function parseGgufHeader(bytes: Uint8Array, fileSize: number, file: string): GgufHeader {
  const reader = new GgufReader(bytes, fileSize, file);
  const version = readVersion(reader, file);
  const tensorCount = reader.count(message('gguf_tensors'), TENSOR_ENTRY_BYTES);
  const metadataCount = reader.count(message('gguf_metadata_entries'), METADATA_ENTRY_BYTES);
  const metadata = new Map<string, GgufValue>();
  const encoded = new Map<string, Uint8Array>();
  for (let index = 0; index < metadataCount; index++) {
    const key = reader.text(message('gguf_key_number', { index }), MAX_NAME_BYTES);
    if (key === '' || metadata.has(key)) {
      throw new TunesmithError({ code: 'gguf_metadata_key', values: { file, key } });
    }
    const begin = reader.position;
    metadata.set(key, reader.value(key));
    encoded.set(key, bytes.subarray(begin, reader.position));
  }
  const alignment = alignmentOf(metadata, file);
  const described: Described[] = [];
  for (let index = 0; index < tensorCount; index++) described.push(readTensor(reader, index, file));
  const tensors = placeTensors(described, alignUp(reader.position, alignment), { alignment, fileSize, file });
  return { version, metadata, encoded, tensors };
}

function readVersion(reader: GgufReader, file: string): number {
  if (reader.u32() !== 0x46554747) throw new TunesmithError({ code: 'gguf_magic', values: { file } });
  const version = reader.u32();
  if (version === 2 || version === 3) return version;
  const swapped = version !== 0 && (version & 0xffff) === 0;
  throw new TunesmithError({
    code: 'gguf_version',
    values: { file, version: swapped ? 'big-endian' : version },
  });
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>, file: string): number {
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  const power = typeof alignment === 'number' && Number.isInteger(Math.log2(alignment));
  if (power && alignment >= 1 && alignment <= MAX_ALIGNMENT) return alignment;
  throw new TunesmithError({ code: 'gguf_alignment', values: { file } });
}

interface Described {
  readonly name: string;
  readonly type: GgmlType;
  readonly shape: Shape;
  /** From the start of the tensors' bytes. */
  readonly offset: number;
  readonly bytes: number;
}

function readTensor(reader: GgufReader, index: number, file: string): Described {
  const name = reader.text(message('gguf_name_number', { index }), MAX_NAME_BYTES);
  const axes = reader.u32();
  if (axes < 1 || axes > MAX_AXES) {
    throw new TunesmithError({ code: 'gguf_shape', values: { file, name, axes, most: MAX_AXES } });
  }
  const shape: number[] = [];
  for (let axis = 0; axis < axes; axis++) shape.unshift(reader.length(message('gguf_axis_of', { name })));
  const number = reader.u32();
  const type = ggmlType(number);
  if (!type) throw new TunesmithError({ code: 'gguf_type', values: { file, name, type: number } });
  const offset = reader.length(message('gguf_offset_of', { name }));
  const block = ggmlFormat(type);
  const elements = elementCount(shape);
  const bytes = (elements / block.elements) * block.bytes;
  const rows = (shape.at(-1) ?? 0) % block.elements === 0;
  if (elements === 0 || !rows || !Number.isSafeInteger(elements) || !Number.isSafeInteger(bytes)) {
    throw new TunesmithError({
      code: 'gguf_shape',
      values: { file, name, type: `${type} ${shapeText(shape)}`, axes, most: MAX_AXES },
    });
  }
  return { name, type, shape, offset, bytes };
}

interface Placing {
  readonly alignment: number;
  readonly fileSize: number;
  readonly file: string;
}

/** Tensors lie one after the other, each at the next multiple of the alignment, and nothing comes after the last. */
function placeTensors(
  described: readonly Described[],
  dataBegin: number,
  { alignment, fileSize, file }: Placing,
): Map<string, GgufTensor> {
  const tensors = new Map<string, GgufTensor>();
  let next = dataBegin;
  for (const { name, type, shape, offset, bytes } of [...described].sort((a, b) => a.offset - b.offset)) {
    const begin = dataBegin + offset;
    const end = begin + bytes;
    if (offset % alignment !== 0) {
      throw new TunesmithError({ code: 'gguf_unaligned', values: { file, name, offset, alignment } });
    }
    if (begin < next) throw new TunesmithError({ code: 'gguf_overlap', values: { file, name } });
    if (begin > next)
      throw new TunesmithError({ code: 'gguf_gap', values: { file, name, bytes: begin - next } });
    if (end > fileSize) {
      throw new TunesmithError({ code: 'gguf_cut', values: { file, name, size: fileSize, needed: end } });
    }
    if (tensors.has(name)) throw new TunesmithError({ code: 'gguf_tensor_twice', values: { file, name } });
    tensors.set(name, { type, shape, begin, end });
    next = alignUp(end, alignment);
  }
  if (described.length > 0 && fileSize > next) {
    throw new TunesmithError({ code: 'gguf_trailing', values: { file, bytes: fileSize - next } });
  }
  return tensors;
}
