import type { FloatDtype } from '../core/dtype';
import { doubleQuantize } from '../formats/nf4';
import type { Device } from '../gpu/device';
import { compile } from '../graph/compile';
import { plan } from '../graph/plan';
import type { Program } from '../graph/program';
import { Trace } from '../graph/trace';
import { nf4Quantize } from '../ops/nf4';
import { packNf4Scales } from '../ops/nf4_scales';
import type { Tensor } from '../ops/op';
import type { DenseFormat } from '../ops/weight';

/** Weights on the device in their stored format at any one time. */
const CHUNK_BYTES = 32 * 1024 * 1024;

const FORMATS: Readonly<Record<FloatDtype, DenseFormat>> = { F32: 'f32', F16: 'f16', BF16: 'bf16' };

export interface QuantizeRequest {
  readonly dtype: FloatDtype;
  readonly out: number;
  readonly in: number;
  /** The stored bytes of some rows of the weight. */
  readonly rows: (first: number, count: number) => Promise<Uint8Array<ArrayBuffer>>;
  /** Receives the packed codes. */
  readonly codes: GPUBuffer;
}

interface Chunk {
  readonly program: Program;
  readonly codes: Tensor;
  readonly absmax: Tensor;
}

/** Quantises weights to NF4 on the device, a few rows at a time. */
export class Quantizer {
  readonly #device: Device;
  readonly #chunks = new Map<string, Chunk>();

  constructor(device: Device) {
    this.#device = device;
  }

  /** Fills `codes` and returns the words of the weight's scales (see ops/packings/nf4.ts). */
  async quantize(
    request: QuantizeRequest,
    { doubleQuant }: { doubleQuant: boolean },
  ): Promise<Uint32Array<ArrayBuffer>> {
    const { out, in: input, dtype } = request;
    const absmax = new Float32Array((out * input) / 64);
    const rowBytes = input * (dtype === 'F32' ? 4 : 2);
    const most = Math.max(1, Math.min(out, Math.floor(CHUNK_BYTES / rowBytes)));
    for (let first = 0; first < out; first += most) {
      const count = Math.min(most, out - first);
      const chunk = await this.#chunk(count, input, FORMATS[dtype]);
      chunk.program.write('source', await request.rows(first, count));
      await chunk.program.run({});
      chunk.program.copy(chunk.codes, request.codes, (first * input) / 2);
      absmax.set(new Float32Array(await chunk.program.read(chunk.absmax, 1)), (first * input) / 64);
    }
    return packNf4Scales(doubleQuant ? doubleQuantize(absmax) : absmax);
  }

  destroy(): void {
    for (const { program } of this.#chunks.values()) program.destroy();
  }

  async #chunk(rows: number, input: number, format: DenseFormat): Promise<Chunk> {
    const key = `${rows} ${input} ${format}`;
    const known = this.#chunks.get(key);
    if (known) return known;
    const trace = new Trace();
    const words = format === 'f32' ? rows * input : (rows * input) / 2;
    const part = { firstRow: 0, rows, tensor: trace.bound('source', 'u32', [words]) };
    const weight = { kind: 'dense' as const, name: 'source', format, out: rows, in: input, parts: [part] };
    const { codes, absmax } = nf4Quantize(trace, weight);
    const { limits } = this.#device;
    const planned = plan(trace, trace.nodes, { capacity: 1, limits, keep: [codes, absmax] });
    const program = await compile(this.#device, planned, {
      buffers: new Map(),
      inputs: ['source'],
      purpose: 'loading',
    });
    const chunk = { program, codes, absmax };
    this.#chunks.set(key, chunk);
    return chunk;
  }
}
