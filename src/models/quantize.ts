import { doubleQuantize } from '../formats/nf4';
import type { Device } from '../gpu/device';
import type { Uploads } from '../gpu/uploads';
import { compile } from '../graph/compile';
import { plan } from '../graph/plan';
import type { Program } from '../graph/program';
import { Trace } from '../graph/trace';
import { nf4Quantize } from '../ops/nf4';
import { packNf4Scales } from '../ops/nf4_scales';
import type { Tensor } from '../ops/op';
import type { DenseFormat, Nf4Packing } from '../ops/weight';

const SOURCE = 'source';

/** Elements that share a scale. */
const BLOCK = 64;

/** A run of a weight's elements to quantise at once. */
export interface Chunk {
  readonly format: DenseFormat;
  readonly blocks: number;
}

/** Bytes of a chunk in its stored format. */
export function chunkBytes({ format, blocks }: Chunk): number {
  return blocks * BLOCK * (format === 'f32' ? 4 : 2);
}

/** The destination of a weight's codes and scales. */
export interface Nf4Target {
  readonly packing: Nf4Packing;
  readonly codes: GPUBuffer;
  readonly scales: GPUBuffer;
  readonly blocks: number;
}

/** The scales of a weight that have been read back so far: f32, one a block. */
interface Scales {
  readonly absmax: Float32Array<ArrayBuffer>;
  readonly reads: Promise<void>[];
}

interface Compiled {
  readonly program: Program;
  readonly codes: Tensor;
  readonly absmax: Tensor;
}

/**
 * Quantises weights to NF4 on the device, chunk by chunk. The largest chunk determines its memory. It waits only for
 * room for the next chunk: a weight's scales are read back while the next weight is being uploaded.
 */
export class Quantizer {
  readonly #device: Device;
  readonly #uploads: Uploads;
  readonly #source: GPUBuffer;
  readonly #largest: Chunk;
  readonly #compiled = new Map<string, Promise<Compiled>>();
  readonly #scales = new Map<Nf4Target, Scales>();
  #finishing: Promise<void> = Promise.resolve();
  #destroyed = false;

  /** @param chunks all that will be quantised, in any order and number */
  constructor(device: Device, uploads: Uploads, chunks: readonly [Chunk, ...Chunk[]]) {
    this.#device = device;
    this.#uploads = uploads;
    this.#source = device.buffers.create('loading', 'source', Math.max(...chunks.map(chunkBytes)));
    this.#largest = chunks.reduce((a, b) => (b.blocks > a.blocks ? b : a));
  }

  /** Quantises the chunk that begins at the weight's block `first`. */
  async add(
    target: Nf4Target,
    { format, first }: { readonly format: DenseFormat; readonly first: number },
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    const blocks = bytes.length / chunkBytes({ format, blocks: 1 });
    const { program, codes, absmax } = await this.#program({ format, blocks });
    await this.#uploads.write(this.#source, bytes);
    await program.run({});
    program.copy(codes, target.codes, (first * BLOCK) / 2);
    const scales = this.#scalesOf(target);
    const read = program.read(absmax, 1).then((part) => scales.absmax.set(new Float32Array(part), first));
    read.catch(() => undefined);
    scales.reads.push(read);
  }

  /**
   * Writes a weight's scales; call it after all of its chunks were added. Resolves when the scales of the weight before
   * are written.
   */
  async finish(target: Nf4Target): Promise<void> {
    const before = this.#finishing;
    this.#finishing = this.#writeScales(target);
    this.#finishing.catch(() => undefined);
    await before;
  }

  /** Resolves when all scales are written. */
  async idle(): Promise<void> {
    await this.#finishing;
  }

  /**
   * Frees the buffers. Scales that are still being read back are dropped, because their destination may be destroyed
   * next.
   */
  destroy(): void {
    this.#destroyed = true;
    this.#device.buffers.destroy('loading', this.#source);
    for (const compiled of this.#compiled.values()) {
      compiled.then(
        ({ program }) => program.destroy(),
        () => undefined,
      );
    }
  }

  #scalesOf(target: Nf4Target): Scales {
    const known = this.#scales.get(target);
    if (known) return known;
    const scales: Scales = { absmax: new Float32Array(target.blocks), reads: [] };
    this.#scales.set(target, scales);
    return scales;
  }

  async #writeScales(target: Nf4Target): Promise<void> {
    const { absmax, reads } = this.#scalesOf(target);
    await Promise.all(reads);
    this.#scales.delete(target);
    if (this.#destroyed) return;
    const words = packNf4Scales(target.packing.doubleQuant ? doubleQuantize(absmax) : absmax);
    await this.#uploads.write(target.scales, new Uint8Array(words.buffer));
  }

  /** Compiles the largest chunk's program first: the others run in its arena. */
  async #program(chunk: Chunk): Promise<Compiled> {
    const largest = await this.#compile(this.#largest, undefined);
    return await this.#compile(chunk, largest.program);
  }

  #compile(chunk: Chunk, owner: Program | undefined): Promise<Compiled> {
    const key = `${chunk.format} ${chunk.blocks}`;
    const known = this.#compiled.get(key);
    if (known) return known;
    const trace = new Trace();
    const { format, blocks } = chunk;
    const tensor = trace.bound(SOURCE, 'u32', [chunkBytes(chunk) / 4]);
    const parts = [{ firstRow: 0, rows: blocks, tensor }];
    const { codes, absmax } = nf4Quantize(trace, {
      kind: 'dense',
      name: SOURCE,
      format,
      out: blocks,
      in: BLOCK,
      parts,
    });
    const { limits } = this.#device;
    const planned = plan(trace, trace.nodes, { capacity: 1, limits, keep: [codes, absmax] });
    const compiled = compile(this.#device, planned, {
      buffers: new Map([[SOURCE, this.#source]]),
      arenas: owner?.arenas,
      purpose: 'loading',
    }).then((program) => ({ program, codes, absmax }));
    this.#compiled.set(key, compiled);
    return compiled;
  }
}
