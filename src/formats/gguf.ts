import { alignUp } from '../core/align';
import { TunesmithError, type ErrorCode } from '../core/errors';
import { refuseLfsPointer } from '../core/lfs_pointer';
import { elementCount, shapeText, type Shape } from '../core/shape';
import { ggmlBlock, ggmlType, type GgmlType } from './ggml_types';
import { EndOfBytes, GgufReader, type GgufValue } from './gguf_reader';

/** What a header is read from: a file, wherever it lies. */
export interface ByteSource {
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  read(begin: number, end: number): Promise<Uint8Array>;
}

export interface GgufTensor {
  readonly type: GgmlType;
  /** Outermost axis first, as everywhere here; the file has them the other way round. */
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
 * Reads and checks the header of a GGUF file, version 2 or 3, little-endian (ggml-org, "GGUF specification"). Bytes are
 * asked for until the header ends, no further. Counts and lengths are compared with the file's size before anything is
 * made for them. Throws `gguf_…` naming the file and the key or the tensor.
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
      const fault = most === 0 ? 'is empty' : 'ends, or goes on for over 256 MiB, within its header';
      throw malformed('gguf_header_cut', file.name, fault);
    }
    const longer = new Uint8Array(Math.min(bytes.length * 4, most));
    longer.set(bytes);
    longer.set(await file.read(bytes.length, longer.length), bytes.length);
    bytes = longer;
  }
}

/** Throws `EndOfBytes` where the header goes on after `bytes`. */
function parseGgufHeader(bytes: Uint8Array, fileSize: number, file: string): GgufHeader {
  const reader = new GgufReader(bytes, fileSize, (code, what) => malformed(code, file, what));
  const version = readVersion(reader, file);
  const tensorCount = reader.count('tensors', TENSOR_ENTRY_BYTES);
  const metadataCount = reader.count('metadata entries', METADATA_ENTRY_BYTES);
  const metadata = new Map<string, GgufValue>();
  for (let index = 0; index < metadataCount; index++) {
    const key = reader.text(`metadata key ${index}`, MAX_NAME_BYTES);
    if (key === '' || metadata.has(key)) {
      throw malformed(
        'gguf_metadata_key',
        file,
        `has the metadata key "${key}" twice, or a key without a name`,
      );
    }
    metadata.set(key, reader.value(key));
  }
  const alignment = alignmentOf(metadata, file);
  const described: Described[] = [];
  for (let index = 0; index < tensorCount; index++) described.push(readTensor(reader, index, file));
  const tensors = placeTensors(described, alignUp(reader.position, alignment), { alignment, fileSize, file });
  return { version, metadata, tensors };
}

function readVersion(reader: GgufReader, file: string): number {
  if (reader.u32() !== 0x46554747) throw malformed('gguf_magic', file, 'does not begin as a GGUF file does');
  const version = reader.u32();
  if (version === 2 || version === 3) return version;
  const swapped = version !== 0 && (version & 0xffff) === 0;
  const what = swapped ? 'is in big-endian byte order' : `is of version ${version}`;
  throw malformed('gguf_version', file, `${what}; versions 2 and 3 in little-endian order can be read`);
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>, file: string): number {
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  const power = typeof alignment === 'number' && Number.isInteger(Math.log2(alignment));
  if (power && alignment >= 1 && alignment <= MAX_ALIGNMENT) return alignment;
  throw malformed('gguf_alignment', file, 'has a general.alignment that is no power of two up to 65536');
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
  const name = reader.text(`name of tensor ${index}`, MAX_NAME_BYTES);
  const where = `has a tensor "${name}"`;
  const axes = reader.u32();
  if (axes < 1 || axes > MAX_AXES) {
    throw malformed('gguf_shape', file, `${where} with ${axes} axes; there may be 1 to ${MAX_AXES}`);
  }
  const shape: number[] = [];
  for (let axis = 0; axis < axes; axis++) shape.unshift(reader.length(`an axis of tensor "${name}"`));
  const number = reader.u32();
  const type = ggmlType(number);
  if (!type) throw malformed('gguf_type', file, `${where} of the unknown type ${number}`);
  const offset = reader.length(`the offset of tensor "${name}"`);
  const block = ggmlBlock(type);
  const elements = elementCount(shape);
  const bytes = (elements / block.elements) * block.bytes;
  const rows = (shape.at(-1) ?? 0) % block.elements === 0;
  if (elements === 0 || !rows || !Number.isSafeInteger(elements) || !Number.isSafeInteger(bytes)) {
    throw malformed(
      'gguf_shape',
      file,
      `${where} of ${type} ${shapeText(shape)}, which is no number of blocks`,
    );
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
      throw malformed(
        'gguf_unaligned',
        file,
        `has a tensor "${name}" at ${offset}, no multiple of ${alignment}`,
      );
    }
    if (begin < next) throw malformed('gguf_overlap', file, `has a tensor "${name}" that overlaps another`);
    if (begin > next) throw malformed('gguf_gap', file, `has ${begin - next} unused bytes before "${name}"`);
    if (end > fileSize) {
      throw malformed(
        'gguf_cut',
        file,
        `is cut short: ${fileSize} bytes, of which "${name}" alone needs ${end}`,
      );
    }
    if (tensors.has(name)) throw malformed('gguf_tensor_twice', file, `has two tensors "${name}"`);
    tensors.set(name, { type, shape, begin, end });
    next = alignUp(end, alignment);
  }
  if (described.length > 0 && fileSize > next) {
    throw malformed('gguf_trailing', file, `has ${fileSize - next} bytes after its last tensor`);
  }
  return tensors;
}

function malformed(code: ErrorCode, file: string, what: string): TunesmithError {
  return new TunesmithError({
    code,
    message: `${file} ${what}.`,
    hint: 'The file is damaged, was not downloaded whole, or is of a kind that is not read here. Get it again from where it came.',
  });
}
