import { compareUtf8, duplicateKeyOrFraction } from './strict_json';
import { bytesOf, concatBytes } from '../core/bytes';
import { dtypeBits, dtypes, isDtype, type Dtype } from '../core/dtype';
import { TunesmithError } from '../core/errors';
import { isRecord } from '../core/json';
import { elementCount, shapeText, type Shape } from '../core/shape';
import { message, type Message } from '../core/messages/message';

/** Where a tensor lies in its file. */
export interface TensorInfo {
  readonly dtype: Dtype;
  readonly shape: Shape;
  /** Offset of its first byte, counted from the start of the file. */
  readonly begin: number;
  /** Offset of the byte after its last. */
  readonly end: number;
}

export interface SafetensorsHeader {
  /** By name, in the order of their bytes in the file. */
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A tensor with its little-endian bytes, row-major. */
export interface TensorBytes {
  readonly dtype: Dtype;
  readonly shape: Shape;
  readonly data: Uint8Array;
}

const MAX_HEADER_LENGTH = 100_000_000;
const UNNAMED = message('safetensors_file');
const METADATA = '__metadata__';

/**
 * Length in bytes of the JSON header that follows the file's first eight bytes, so that a reader can fetch
 * `8 + headerLength` bytes and no more.
 *
 * @param start the first bytes of the file, at least eight unless the file is shorter
 * @param fileSize length of the whole file in bytes
 * @param file how messages name the file
 */
export function headerLength(start: Uint8Array, fileSize: number, file: string | Message = UNNAMED): number {
  if (fileSize < 8 || start.length < 8) {
    throw new TunesmithError({ code: 'safetensors_too_short', values: { file, size: fileSize } });
  }
  const length = new DataView(start.buffer, start.byteOffset).getBigUint64(0, true);
  if (length > MAX_HEADER_LENGTH) {
    throw new TunesmithError({
      code: 'safetensors_header_too_long',
      values: { file, length: String(length) },
    });
  }
  if (8 + Number(length) > fileSize) {
    throw new TunesmithError({
      code: 'safetensors_header_beyond_file',
      values: { file, length: Number(length), rest: fileSize - 8 },
    });
  }
  return Number(length);
}

/**
 * Reads and checks the header. Refuses all that the reference implementation refuses (overlaps, gaps, lengths that
 * disagree with dtype × shape, bytes that belong to no tensor, …), and also duplicate keys.
 *
 * @param bytes the file from its start, at least to the end of the header
 * @param fileSize length of the whole file in bytes
 * @param file how messages name the file
 */
export function parseHeader(
  bytes: Uint8Array,
  fileSize: number,
  file: string | Message = UNNAMED,
): SafetensorsHeader {
  const length = headerLength(bytes, fileSize, file);
  if (bytes.length < 8 + length) {
    throw new TunesmithError({
      code: 'safetensors_header_cut',
      values: { file, length, read: bytes.length - 8 },
    });
  }
  const entries = parseJson(bytes.subarray(8, 8 + length), file);
  const metadata = parseMetadata(entries.get(METADATA), file);
  entries.delete(METADATA);
  const tensors = Array.from(entries, ([name, entry]) => parseTensor(name, entry, 8 + length, file));
  tensors.sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  checkCoverage(tensors, 8 + length, fileSize, file);
  return { tensors: new Map(tensors), metadata };
}

/** The tensors of a file held in memory, as views into it. Throws as `parseHeader`. */
export function readTensors(
  bytes: Uint8Array,
  file: string | Message = UNNAMED,
): { tensors: Map<string, TensorBytes>; metadata: Readonly<Record<string, string>> } {
  const header = parseHeader(bytes, bytes.length, file);
  const tensors = new Map<string, TensorBytes>();
  for (const [name, { dtype, shape, begin, end }] of header.tensors) {
    tensors.set(name, { dtype, shape, data: bytes.subarray(begin, end) });
  }
  return { tensors, metadata: header.metadata };
}

/** The description of a tensor to write. */
export interface TensorToWrite {
  readonly name: string;
  readonly dtype: Dtype;
  readonly shape: Shape;
}

/** The parts of a safetensors file that don't depend on the tensors' values. */
export interface SafetensorsPlan<T extends TensorToWrite> {
  /** All bytes before the first tensor's. */
  readonly header: Uint8Array<ArrayBuffer>;
  /** In the order in which their bytes follow. */
  readonly tensors: readonly T[];
  /** Bytes of the whole file. */
  readonly size: number;
}

/**
 * Plans a safetensors file, byte for byte as the reference writer makes it: tensors by descending dtype (the order of
 * `dtypes`), then by name; compact JSON with the metadata first, padded with spaces to a multiple of eight.
 * The reference writes metadata in no fixed order; here it is sorted by key.
 *
 * @throws TunesmithError `safetensors_write` naming a tensor whose name or size no file can have
 */
export function planSafetensors<T extends TensorToWrite>(
  tensors: readonly T[],
  metadata?: Readonly<Record<string, string>>,
): SafetensorsPlan<T> {
  const sorted = [...tensors].sort(
    (a, b) => dtypes.indexOf(b.dtype) - dtypes.indexOf(a.dtype) || compareUtf8(a.name, b.name),
  );
  const fields: string[] = [];
  if (metadata) {
    const pairs = Object.entries(metadata).sort(([a], [b]) => compareUtf8(a, b));
    const body = pairs.map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`).join(',');
    fields.push(`${JSON.stringify(METADATA)}:{${body}}`);
  }
  let offset = 0;
  sorted.forEach((tensor, index) => {
    const { name, dtype, shape } = tensor;
    const bytes = byteLength(dtype, shape);
    if (name === METADATA || name === sorted[index - 1]?.name || Number.isNaN(bytes))
      throw unwritable(tensor);
    const info = { dtype, shape, data_offsets: [offset, offset + bytes] };
    fields.push(`${JSON.stringify(name)}:${JSON.stringify(info)}`);
    offset += bytes;
  });
  const json = new TextEncoder().encode(`{${fields.join(',')}}`);
  const padded = new Uint8Array(Math.ceil(json.length / 8) * 8).fill(0x20);
  padded.set(json);
  const header = concatBytes([bytesOf(BigUint64Array.of(BigInt(padded.length))), padded]);
  return { header, tensors: sorted, size: header.length + offset };
}

/** A whole safetensors file; see `planSafetensors`. */
export function writeSafetensors(
  tensors: readonly (TensorBytes & { readonly name: string })[],
  metadata?: Readonly<Record<string, string>>,
): Uint8Array<ArrayBuffer> {
  const wrong = tensors.find(({ dtype, shape, data }) => data.length !== byteLength(dtype, shape));
  if (wrong) throw unwritable(wrong, wrong.data.length);
  const { header, tensors: sorted } = planSafetensors(tensors, metadata);
  return concatBytes([header, ...sorted.map(({ data }) => data)]);
}

function unwritable({ name, dtype, shape }: TensorToWrite, found?: number): TunesmithError {
  return new TunesmithError({
    code: 'safetensors_write',
    values: { name, type: typeText(dtype, shape) },
    detail: `${found === undefined ? '' : `It has ${found} bytes. `}${byteLength(dtype, shape)} bytes are expected, and the name must be used once.`,
  });
}

/** Bytes of a tensor. NaN if they are not whole bytes, or too many for an exact number. */
function byteLength(dtype: Dtype, shape: Shape): number {
  const bytes = (elementCount(shape) * dtypeBits(dtype)) / 8;
  return Number.isSafeInteger(bytes) ? bytes : NaN;
}

function parseJson(bytes: Uint8Array, file: string | Message): Map<string, unknown> {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new TunesmithError({ code: 'safetensors_header_not_utf8', values: { file }, cause });
  }
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new TunesmithError({ code: 'safetensors_header_not_json', values: { file }, cause });
  }
  if (!isRecord(parsed))
    throw new TunesmithError({ code: 'safetensors_header_not_object', values: { file } });
  const problem = duplicateKeyOrFraction(text);
  if (problem?.number !== undefined) {
    const found = problem.number;
    throw new TunesmithError({ code: 'safetensors_header_number', values: { file, found } });
  }
  if (problem) {
    throw new TunesmithError({
      code: 'safetensors_header_duplicate_key',
      values: { file, key: problem.key },
    });
  }
  return new Map(Object.entries(parsed));
}

function parseMetadata(value: unknown, file: string | Message): Record<string, string> {
  if (value === undefined || value === null) return {};
  if (!isRecord(value)) throw new TunesmithError({ code: 'safetensors_metadata', values: { file } });
  return Object.fromEntries(
    Object.entries(value).map(([key, text]) => {
      if (typeof text === 'string') return [key, text];
      throw new TunesmithError({ code: 'safetensors_metadata', values: { file, key } });
    }),
  );
}

function parseTensor(
  name: string,
  entry: unknown,
  dataBegin: number,
  file: string | Message,
): [string, TensorInfo] {
  if (!isRecord(entry))
    throw new TunesmithError({ code: 'safetensors_tensor_entry', values: { file, name } });
  const { dtype, shape, data_offsets: offsets } = entry;
  if (typeof dtype !== 'string' || !isDtype(dtype)) {
    throw new TunesmithError({ code: 'safetensors_dtype', values: { file, name, dtype: jsonText(dtype) } });
  }
  if (!isLengths(shape)) {
    throw new TunesmithError({ code: 'safetensors_shape', values: { file, name } });
  }
  if (!isLengths(offsets) || offsets.length !== 2) {
    throw new TunesmithError({ code: 'safetensors_offsets', values: { file, name } });
  }
  const [begin = 0, end = 0] = offsets;
  if (end < begin)
    throw new TunesmithError({ code: 'safetensors_offsets', values: { file, name, range: { begin, end } } });
  const expected = byteLength(dtype, shape);
  const type = typeText(dtype, shape);
  if (Number.isNaN(expected)) {
    throw new TunesmithError({ code: 'safetensors_overflow', values: { file, name, type } });
  }
  if (end - begin !== expected) {
    throw new TunesmithError({
      code: 'safetensors_tensor_length',
      values: { file, name, type, bytes: end - begin, expected },
    });
  }
  return [name, { dtype, shape, begin: dataBegin + begin, end: dataBegin + end }];
}

function checkCoverage(
  tensors: readonly [string, TensorInfo][],
  dataBegin: number,
  fileSize: number,
  file: string | Message,
): void {
  let covered = dataBegin;
  for (const [name, { begin, end }] of tensors) {
    if (begin < covered) throw new TunesmithError({ code: 'safetensors_overlap', values: { file, name } });
    if (begin > covered) {
      throw new TunesmithError({ code: 'safetensors_gap', values: { file, name, bytes: begin - covered } });
    }
    covered = end;
  }
  if (covered > fileSize) {
    throw new TunesmithError({
      code: 'safetensors_cut',
      values: { file, size: fileSize, described: covered },
    });
  }
  if (covered < fileSize) {
    throw new TunesmithError({ code: 'safetensors_trailing', values: { file, bytes: fileSize - covered } });
  }
}

function isLengths(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((length) => Number.isSafeInteger(length) && length >= 0);
}

function typeText(dtype: Dtype, shape: Shape): string {
  return `${dtype} ${shapeText(shape)}`;
}

/** A value as JSON; JSON has no undefined. */
function jsonText(value: unknown): string {
  return value === undefined ? 'undefined' : JSON.stringify(value);
}
