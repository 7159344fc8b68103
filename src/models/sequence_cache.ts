import type { Device } from '../gpu/device';
import { rowsOf } from './generation_graph';
import type { Model } from './model';
import { cacheSpecs, type PlacedCache } from './spec';

/** Tokens that a cache begins with room for where it may grow. */
const FIRST_ROWS = 256;

/** The rows that a cache has once it has grown to hold so many tokens: it doubles, up to `most`. */
export function grownRows(tokens: number, most: number): number {
  let rows = FIRST_ROWS;
  while (rows < tokens) rows *= 2;
  return Math.min(rows, most);
}

/**
 * What the layers keep of the tokens so far, on the device, and the memory for the activations of the programs that fill
 * it. One generation uses it at a time.
 */
export class SequenceCache {
  /** Tokens that it can grow to hold. */
  readonly most: number;
  readonly #device: Device;
  readonly #specs: readonly PlacedCache[];
  readonly #buffers = new Map<string, GPUBuffer>();
  #arenas: GPUBuffer[] = [];
  #rows: number;
  #version = 0;
  /** Tokens that have been run. */
  #end = 0;
  /** The most that have been of this sequence: rows that they took in a ring are lost, also after a step back. */
  #furthest = 0;

  /** Room for `rows` tokens now. */
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

  /** Tokens that it has room for now. */
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

  /** Another number once any of the buffers is another: programs bound to them are to be compiled anew. */
  get version(): number {
    return this.#version;
  }

  /**
   * Notes a pass over `count` tokens after the `past` ones. A ring holds the last tokens alone, so that it can't go on from
   * any place.
   *
   * @throws Error where a ring lacks what comes before the pass
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

  /** Makes room for so many tokens, `most` at most; what is held stays. Throws `buffer_too_large`. */
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

  /** Makes each arena as large as programs need that never run at the same time. Throws `buffer_too_large`. */
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
