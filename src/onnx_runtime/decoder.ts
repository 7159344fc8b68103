import type { InferenceSession, Tensor } from 'onnxruntime-web';
import { f16ToF32 } from '../core/dtype';
import { TunesmithError } from '../core/errors';
import type { Message } from '../core/messages/message';
import type { DecoderPorts } from './inputs';
import type { OnnxDevice } from './device';
import type { OnnxRuntime } from './runtime';

interface DecoderParts {
  readonly runtime: OnnxRuntime;
  readonly session: InferenceSession;
  readonly ports: DecoderPorts;
  readonly device: OnnxDevice;
  readonly path: string;
  readonly notes: readonly Message[];
}

type Values = Readonly<Record<string, Tensor>>;

/** A decoder in onnxruntime-web, with the cache of one conversation. Calls must not overlap. */
export class OnnxDecoder {
  readonly #parts: DecoderParts;
  /** The tokens in the cache. */
  #ids: number[] = [];
  /** The caches by the names of their inputs. */
  #caches: Values = {};

  constructor(parts: DecoderParts) {
    this.#parts = parts;
  }

  get device(): OnnxDevice {
    return this.#parts.device;
  }

  /** Path of its file in the folder. */
  get path(): string {
    return this.#parts.path;
  }

  /** Address of the runtime's program; undefined in Node. */
  get program(): string | undefined {
    const { wasmPaths } = this.#parts.runtime.env.wasm;
    const wasm = typeof wasmPaths === 'object' ? wasmPaths.wasm : undefined;
    return wasm === undefined ? undefined : String(wasm);
  }

  /** Notes for the person on the choice of the device. */
  get notes(): readonly Message[] {
    return this.#parts.notes;
  }

  /** The number of tokens that have logits; undefined if the model does not declare it. */
  get vocabulary(): number | undefined {
    const { outputMetadata } = this.#parts.session;
    const logits = outputMetadata.find(({ name }) => name === 'logits');
    const last = logits?.isTensor === true ? logits.shape.at(-1) : undefined;
    return typeof last === 'number' ? last : undefined;
  }

  get inputs(): readonly string[] {
    return this.#parts.session.inputNames;
  }

  /** Logits of all tokens of a text, f32 [tokens, vocabulary]. The cache stays as it is. */
  async logits(ids: readonly number[]): Promise<Float32Array<ArrayBuffer>> {
    const { logits, ...caches } = await this.#run(ids, [], {}, 0, ['logits']);
    dispose(caches);
    return await numbersOf(logits);
  }

  /**
   * Adds tokens to the cache after its first `past` ones, which must be all of it or none.
   */
  async remember(ids: readonly number[], past: number): Promise<void> {
    await this.#advance(ids, past, []);
  }

  /** As `remember`, and returns the next token's logits, f32 [vocabulary]. */
  async next(ids: readonly number[], past: number): Promise<Float32Array<ArrayBuffer>> {
    const { logits } = await this.#advance(ids, past, ['logits']);
    const rows = logits?.dims.at(-2) ?? 1;
    const all = await numbersOf(logits);
    return all.slice((rows - 1) * (all.length / rows));
  }

  /** Frees the session. */
  async close(): Promise<void> {
    dispose(this.#caches);
    this.#caches = {};
    await this.#parts.session.release();
  }

  async #advance(ids: readonly number[], past: number, wanted: readonly string[]): Promise<Values> {
    const { caches } = this.#parts.ports;
    if (past === 0) this.#forget();
    if (past !== this.#ids.length) throw new Error(`the cache has ${this.#ids.length} tokens, not ${past}`);
    const all = [...this.#ids, ...ids];
    const cached = caches.length > 0;
    // A decoder without caches reads the whole text for each token.
    const results =
      cached || wanted.length > 0
        ? await this.#run(cached ? ids : all, cached ? this.#ids : [], this.#caches, 1, wanted)
        : {};
    dispose(this.#caches);
    this.#caches = Object.fromEntries(caches.map(({ input, output }) => [input, results[output]!]));
    this.#ids = all;
    return results;
  }

  #forget(): void {
    dispose(this.#caches);
    this.#caches = {};
    this.#ids = [];
  }

  async #run(
    ids: readonly number[],
    past: readonly number[],
    before: Values,
    keep: number,
    wanted: readonly string[],
  ): Promise<Record<string, Tensor>> {
    const { session, ports } = this.#parts;
    const { attentionMask, positionIds, caches } = ports;
    const total = past.length + ids.length;
    const integers = (values: readonly number[], dims: readonly number[]): Tensor =>
      this.#tensor('int64', BigInt64Array.from(values, BigInt), dims);
    const feeds: Record<string, Tensor> = { input_ids: integers(ids, [1, ids.length]) };
    if (attentionMask) feeds['attention_mask'] = integers(Array<number>(total).fill(1), [1, total]);
    if (positionIds) {
      const positions = Array.from(ids, (_, index) => past.length + index);
      feeds['position_ids'] = integers(positions, [1, ids.length]);
    }
    if (ports.keep !== undefined) feeds[ports.keep] = integers([keep], []);
    for (const { input, type, shape } of caches) feeds[input] = before[input] ?? this.#empty(type, shape);
    try {
      return await session.run(feeds, [...wanted, ...caches.map(({ output }) => output)]);
    } catch (cause) {
      throw new TunesmithError({
        code: isMemory(cause) ? 'onnx_no_memory' : 'onnx_run_failed',
        values: { file: this.path },
        cause,
      });
    }
  }

  #empty(type: Tensor.Type, shape: readonly number[]): Tensor {
    const length = shape.reduce((product, size) => product * size, 1);
    return this.#tensor(type, type === 'float16' ? new Uint16Array(length) : new Float32Array(length), shape);
  }

  #tensor(type: Tensor.Type, data: Tensor.DataType, dims: readonly number[]): Tensor {
    return new this.#parts.runtime.Tensor(type, data, dims);
  }
}

/** The numbers of a tensor in f32; frees it. */
async function numbersOf(tensor: Tensor | undefined): Promise<Float32Array<ArrayBuffer>> {
  const data = await tensor?.getData(true);
  tensor?.dispose();
  if (data instanceof Float32Array) return Float32Array.from(data);
  // Halves come as numbers of 16 bits, or in an array of halves if the engine has one.
  if (tensor?.type === 'float16' && ArrayBuffer.isView(data)) {
    return f16ToF32(new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2));
  }
  throw new TunesmithError({ code: 'onnx_logits', values: { type: tensor?.type ?? 'none' } });
}

function dispose(values: Values): void {
  for (const tensor of Object.values(values)) tensor.dispose();
}

/** Whether the runtime says that its memory is full. */
export function isMemory(cause: unknown): boolean {
  return /bad_alloc|out of memory|allocate memory|allocation failed/i.test(String(cause));
}
