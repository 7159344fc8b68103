import { TunesmithError } from '../core/errors';
import type { FileReader } from '../core/file_reader';

/** The facts of an ONNX file that decide whether and where it can run. */
export interface OnnxHeader {
  readonly irVersion: number;
  /** Version of each set of ops by its domain; the standard's domain is empty. */
  readonly opsets: ReadonlyMap<string, number>;
  /** The bytes that each file of external data must have at least, by its path relative to the ONNX file. */
  readonly external: ReadonlyMap<string, number>;
  /** Whether a weight is stored in f16. */
  readonly halves: boolean;
}

/** FLOAT16 of TensorProto.DataType. */
const FLOAT16 = 10;

/** Wire types of the protobuf encoding. */
const VARINT = 0;
const FIXED_64 = 1;
const LENGTH = 2;
const FIXED_32 = 5;

type MessageName = 'model' | 'opset' | 'graph' | 'node' | 'attribute' | 'tensor' | 'entry';

/** The fields that hold messages with facts, by their numbers in the standard's onnx.proto. Others are skipped. */
const MESSAGES: Readonly<Record<MessageName, Readonly<Record<number, MessageName>>>> = {
  model: { 7: 'graph', 8: 'opset' },
  opset: {},
  graph: { 1: 'node', 5: 'tensor' },
  node: { 5: 'attribute' },
  attribute: { 5: 'tensor', 6: 'graph', 10: 'tensor', 11: 'graph' },
  tensor: { 13: 'entry' },
  entry: {},
};

/** The fields with text that are read. */
const TEXTS: Readonly<Partial<Record<MessageName, readonly number[]>>> = { opset: [1], entry: [1, 2] };

/** A message's numbers and texts by field, and its messages. */
interface Fields {
  readonly numbers: Map<number, number>;
  readonly texts: Map<number, string>;
  readonly entries: [string, string][];
}

/** Most bytes of a text that is read; names and paths are shorter. */
const MOST_TEXT = 4096;
/** A graph in a graph in a graph: real ones have two levels. */
const MOST_DEPTH = 24;

/**
 * Reads an ONNX file's header in one pass, without the weights that it holds.
 *
 * @throws TunesmithError `onnx_damaged` if it is no ONNX file or ends too early
 */
export async function readOnnxHeader(file: FileReader): Promise<OnnxHeader> {
  const source = new ProtobufReader(file);
  const opsets = new Map<string, number>();
  const external = new Map<string, number>();
  let halves = false;
  let graphs = 0;

  const collect = (name: MessageName, { numbers, texts, entries }: Fields): void => {
    if (name === 'graph') graphs++;
    if (name === 'opset') opsets.set(texts.get(1) ?? '', numbers.get(2) ?? 0);
    if (name !== 'tensor') return;
    halves ||= numbers.get(2) === FLOAT16;
    const { location, offset, length } = Object.fromEntries(entries) as Partial<Record<string, string>>;
    if (location === undefined) return;
    const end = Number(offset ?? 0) + Number(length ?? 0);
    if (!Number.isSafeInteger(end)) throw source.damaged();
    external.set(location, Math.max(end, external.get(location) ?? 0));
  };

  const readMessage = async (name: MessageName, end: number, depth: number): Promise<Fields> => {
    const fields: Fields = { numbers: new Map(), texts: new Map(), entries: [] };
    if (depth > MOST_DEPTH) throw source.damaged();
    while (source.at < end) {
      const key = await source.varint();
      const field = Math.floor(key / 8);
      switch (key % 8) {
        case VARINT:
          fields.numbers.set(field, await source.varint());
          break;
        case FIXED_64:
          source.skip(8);
          break;
        case FIXED_32:
          source.skip(4);
          break;
        case LENGTH: {
          const length = await source.varint();
          const until = source.at + length;
          if (until > end) throw source.damaged();
          const inner = MESSAGES[name][field];
          if (inner) {
            const read = await readMessage(inner, until, depth + 1);
            if (inner === 'entry') fields.entries.push([read.texts.get(1) ?? '', read.texts.get(2) ?? '']);
          } else if (TEXTS[name]?.includes(field) && length <= MOST_TEXT) {
            fields.texts.set(field, await source.text(length));
          } else source.skip(length);
          break;
        }
        default:
          throw source.damaged();
      }
    }
    if (source.at !== end) throw source.damaged();
    collect(name, fields);
    return fields;
  };

  const { numbers } = await readMessage('model', file.size, 0);
  const irVersion = numbers.get(1);
  if (irVersion === undefined || graphs === 0 || opsets.size === 0) throw source.damaged();
  return { irVersion, opsets, external, halves };
}

/** Reads numbers and texts one after the other through a window of the file. */
class ProtobufReader {
  static readonly #WINDOW = 2 ** 16;
  readonly #file: FileReader;
  #window = new Uint8Array();
  /** Where the window begins in the file. */
  #begin = 0;
  at = 0;

  constructor(file: FileReader) {
    this.#file = file;
  }

  damaged(): TunesmithError {
    return new TunesmithError({
      code: 'onnx_damaged',
      values: { file: this.#file.name },
      detail: `at byte ${this.at} of ${this.#file.size}`,
    });
  }

  /** An unsigned number. Negative ones, which no field that is read may have, come out too large to be exact. */
  async varint(): Promise<number> {
    let value = 0;
    let scale = 1;
    for (let count = 0; count < 10; count++) {
      const byte = await this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
      scale *= 128;
    }
    throw this.damaged();
  }

  async text(length: number): Promise<string> {
    const bytes = await this.#file.read(this.at, this.at + length);
    if (bytes.length !== length) throw this.damaged();
    this.at += length;
    return new TextDecoder().decode(bytes);
  }

  skip(length: number): void {
    this.at += length;
  }

  async #byte(): Promise<number> {
    const within = this.at - this.#begin;
    if (within < 0 || within >= this.#window.length) {
      if (this.at >= this.#file.size) throw this.damaged();
      this.#begin = this.at;
      this.#window = await this.#file.read(
        this.at,
        Math.min(this.at + ProtobufReader.#WINDOW, this.#file.size),
      );
    }
    const byte = this.#window[this.at - this.#begin];
    if (byte === undefined) throw this.damaged();
    this.at++;
    return byte;
  }
}
