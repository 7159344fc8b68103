import type { Device } from '../gpu/device';
import { rowsOf } from './generation_graph';
import type { Model } from './model';
import { cacheSpecs, type PlacedCache } from './spec';

/** Initial capacity, in tokens, of a cache that may grow. */
const FIRST_ROWS = 256;

/** The capacity of a cache after it has grown to hold `tokens`: it doubles, up to `most`. */
export function grownRows(tokens: number, most: number): number {
  let rows = FIRST_ROWS;
  while (rows < tokens) rows *= 2;
  return Math.min(rows, most);
}

/**
 * The layers' caches of a sequence on the device, and the arenas of the programs that fill them. One generation uses it
 * at a time.
 */
export class SequenceCache {
  /** Largest capacity in tokens. */
  readonly most: number;
  readonly #device: Device;
  readonly #specs: readonly PlacedCache[];
  readonly #buffers = new Map<string, GPUBuffer>();
  #arenas: GPUBuffer[] = [];
  #rows: number;
  #version = 0;
  /** Number of tokens that have been run. */
  #end = 0;
  /**
   * The most tokens that were run of this sequence. They have overwritten rows of a ring, which stay lost even after a
   * step back.
   */
  #furthest = 0;

  /** @param rows initial capacity in tokens */
  constructor({ device, layout }: Model, most: number, rows = most) {
    this.#device = device;
    this.most = most;
    this.#rows = rows;
    this.#specs = cacheSpecs(layout.spec);
    try {
      for (const spec of this.#specs) this.#buffers.set(spec.slot, this.#create(spec, rows));
    } catch (error) {
      this.destroy();
      throw error;
    }
  }

  /** Present capacity in tokens. */
  get rows(): number {
    return this.#rows;
  }

  /** By slot. */
  get buffers(): ReadonlyMap<string, GPUBuffer> {
    return this.#buffers;
  }

  get arenas(): readonly GPUBuffer[] {
    return this.#arenas;
  }

  /** Changes whenever a buffer is replaced: programs bound to the old one must be compiled again. */
  get version(): number {
    return this.#version;
  }

  /**
   * Records a pass over `count` tokens after the first `past` ones. A ring only holds the last tokens, so generation
   * can't continue from every place.
   *
   * @throws Error if a ring lacks rows that precede the pass
   */
  advance(past: number, count: number): void {
    for (const { rows, slot } of this.#specs) {
      if (rows === 'tokens' || past === 0) continue;
      if (past > this.#end || this.#furthest - past + rows.history > rows.ring)
        throw new Error(`${slot} holds the tokens up to ${this.#end}, too few to go on from ${past}`);
    }
    this.#end = past + count;
    this.#furthest = past === 0 ? count : Math.max(this.#furthest, this.#end);
  }

  /** Grows the capacity to at least `tokens`, up to `most`, and keeps the contents. Throws `buffer_too_large`. */
  reserve(tokens: number): void {
    if (tokens <= this.#rows) return;
    const rows = grownRows(tokens, this.most);
    this.#version++;
    for (const spec of this.#specs) {
      const old = this.#buffers.get(spec.slot);
      if (!old || spec.rows !== 'tokens') continue;
      const buffer = this.#create(spec, rows);
      const encoder = this.#device.gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(old, 0, buffer, 0, old.size);
      this.#device.gpu.queue.submit([encoder.finish()]);
      this.#device.buffers.destroy('cache', old);
      this.#buffers.set(spec.slot, buffer);
    }
    this.#rows = rows;
  }

  /**
   * Grows each arena to the size that a program needs. Programs that share them never run at the same time. Throws
   * `buffer_too_large`.
   */
  reserveArenas(bytes: readonly number[]): void {
    for (const [index, size] of bytes.entries()) {
      const old = this.#arenas[index];
      if (old && old.size >= size) continue;
      this.#version++;
      if (old) this.#device.buffers.destroy('chat', old);
      this.#arenas[index] = this.#device.buffers.create('chat', `arena ${index}`, size);
    }
  }

  destroy(): void {
    for (const buffer of this.#buffers.values()) this.#device.buffers.destroy('cache', buffer);
    for (const arena of this.#arenas) this.#device.buffers.destroy('chat', arena);
    this.#buffers.clear();
    this.#arenas = [];
  }

  #create(spec: PlacedCache, tokens: number): GPUBuffer {
    const bytes = rowsOf(spec, tokens) * spec.columns * 4;
    return this.#device.buffers.create('cache', spec.slot, bytes);
  }
}
