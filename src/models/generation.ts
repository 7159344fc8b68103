import { TunesmithError } from '../core/errors';
import { compile } from '../graph/compile';
import type { Program } from '../graph/program';
import type { Tensor } from '../ops/op';
import type { Adapter } from './adapter';
import {
  GENERATION_SLOTS,
  PREFILL_ROWS,
  cacheBytes,
  keySlot,
  planGeneration,
  valueSlot,
} from './generation_graph';
import type { Model } from './model';

/** Keys and values of the tokens so far, on the device. One generation uses it at a time. */
export class KeyValueCache {
  readonly rows: number;
  readonly buffers: ReadonlyMap<string, GPUBuffer>;
  readonly #model: Model;

  /** Room for `rows` tokens. */
  constructor(model: Model, rows: number) {
    this.#model = model;
    this.rows = rows;
    const slots = Array.from({ length: model.layout.spec.layers }, (_, layer) => [
      keySlot(layer),
      valueSlot(layer),
    ]);
    const bytes = cacheBytes(model.layout, rows);
    this.buffers = new Map(
      slots.flat().map((slot) => [slot, model.device.buffers.create('cache', slot, bytes)]),
    );
  }

  destroy(): void {
    for (const buffer of this.buffers.values()) this.#model.device.buffers.destroy('cache', buffer);
  }
}

interface Pass {
  readonly program: Program;
  readonly logits: Tensor;
}

/** Turns tokens into logits, with the base alone or with an adapter. */
export class Generator {
  readonly #model: Model;
  readonly #cache: KeyValueCache;
  readonly #prefill: Pass;
  readonly #decode: Pass;

  private constructor(model: Model, cache: KeyValueCache, prefill: Pass, decode: Pass) {
    this.#model = model;
    this.#cache = cache;
    this.#prefill = prefill;
    this.#decode = decode;
  }

  /** @param arenas of a generator that never answers at the same time */
  static async compile(
    model: Model,
    adapter: Adapter | undefined,
    cache: KeyValueCache,
    arenas?: readonly GPUBuffer[],
  ): Promise<Generator> {
    const { device, layout } = model;
    const buffers = new Map([...model.buffers, ...cache.buffers, ...(adapter?.buffers ?? [])]);
    const make = async (capacity: number, shared?: readonly GPUBuffer[]): Promise<Pass> => {
      const options = { capacity, cacheRows: cache.rows, limits: device.limits, logits: 'last' as const };
      const { plan, logits } = planGeneration(layout, adapter?.layout, options);
      const program = await compile(device, plan, {
        buffers,
        inputs: GENERATION_SLOTS,
        arenas: shared,
        purpose: 'chat',
      });
      return { program, logits };
    };
    const prefill = await make(PREFILL_ROWS, arenas);
    try {
      return new Generator(model, cache, prefill, await make(1, prefill.program.arenas));
    } catch (error) {
      prefill.program.destroy();
      throw error;
    }
  }

  /** For generators that never answer at the same time as this one, and are destroyed before it. */
  get arenas(): readonly GPUBuffer[] {
    return this.#prefill.program.arenas;
  }

  /** Tokens that fit, prompt and answer together. */
  get room(): number {
    return this.#cache.rows;
  }

  /**
   * Runs the tokens after the `past` ones that the cache holds and returns the next token's logits, f32 [vocabulary].
   * Throws `context_full` where they don't fit.
   */
  async next(tokens: readonly number[], past: number): Promise<Float32Array> {
    if (past + tokens.length > this.#cache.rows) {
      throw new TunesmithError({
        code: 'context_full',
        message: `The conversation has ${past + tokens.length} tokens; ${this.#cache.rows} fit.`,
        hint: 'Clear the history, or ask for a shorter answer.',
      });
    }
    const pass = tokens.length === 1 ? this.#decode : this.#prefill;
    const { capacity } = pass.program.plan;
    for (let first = 0; first < tokens.length; first += capacity) {
      const chunk = tokens.slice(first, first + capacity);
      pass.program.write('tokens', Uint32Array.from(chunk));
      pass.program.write(
        'positions',
        Uint32Array.from(chunk, (_, i) => past + first + i),
      );
      await pass.program.run({ rows: chunk.length, past: past + first });
    }
    const bytes = await pass.program.read(pass.logits, 1);
    return new Float32Array(bytes).subarray(0, this.#model.layout.spec.vocabularySize);
  }

  destroy(): void {
    this.#decode.program.destroy();
    this.#prefill.program.destroy();
  }
}
