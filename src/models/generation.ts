import { TunesmithError } from '../core/errors';
import { compile } from '../graph/compile';
import type { Program } from '../graph/program';
import type { Tensor } from '../ops/op';
import type { Adapter } from './adapter';
import { GENERATION_SLOTS, planChat, type GenerationPlan } from './generation_graph';
import type { KeyValueCache } from './key_value_cache';
import type { Model } from './model';

interface Pass {
  readonly program: Program;
  readonly logits: Tensor;
}

interface Passes {
  /** Of the cache whose buffers they are bound to. */
  readonly version: number;
  readonly prefill: Pass;
  readonly decode: Pass;
}

/** Turns tokens into logits, with the base alone or with an adapter. */
export class Generator {
  readonly #model: Model;
  readonly #adapter: Adapter | undefined;
  readonly #cache: KeyValueCache;
  #passes: Passes | undefined;

  private constructor(model: Model, adapter: Adapter | undefined, cache: KeyValueCache) {
    this.#model = model;
    this.#adapter = adapter;
    this.#cache = cache;
  }

  /** @param cache perhaps that of other generators, which never answer at the same time */
  static async compile(model: Model, adapter: Adapter | undefined, cache: KeyValueCache): Promise<Generator> {
    const generator = new Generator(model, adapter, cache);
    await generator.#compiled();
    return generator;
  }

  /** Tokens that fit, prompt and answer together. */
  get room(): number {
    return this.#cache.most;
  }

  /**
   * Runs the tokens after the `past` ones that the cache holds and returns the next token's logits, f32 [vocabulary].
   * The cache grows where it has to. Throws `context_full` where the tokens don't fit.
   */
  async next(tokens: readonly number[], past: number): Promise<Float32Array> {
    const count = past + tokens.length;
    if (count > this.room) {
      throw new TunesmithError({
        code: 'context_full',
        message: `The conversation has ${count} tokens; ${this.room} fit.`,
        hint: 'Clear the history, or ask for a shorter answer.',
      });
    }
    this.#cache.reserve(count);
    const { prefill, decode } = await this.#compiled();
    const pass = tokens.length === 1 ? decode : prefill;
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
    this.#passes?.decode.program.destroy();
    this.#passes?.prefill.program.destroy();
    this.#passes = undefined;
  }

  /** The programs, made anew where the cache's buffers are others than those that they are bound to. */
  async #compiled(): Promise<Passes> {
    const cache = this.#cache;
    if (this.#passes?.version === cache.version) return this.#passes;
    this.destroy();
    const { device, layout } = this.#model;
    const plans = planChat(layout, this.#adapter?.layout, { cacheRows: cache.rows, limits: device.limits });
    cache.reserveArenas(plans.arenas);
    const { version, arenas } = cache;
    const buffers = new Map([...this.#model.buffers, ...cache.buffers, ...(this.#adapter?.buffers ?? [])]);
    const make = async ({ plan, logits }: GenerationPlan): Promise<Pass> => {
      const request = { buffers, inputs: GENERATION_SLOTS, arenas, purpose: 'chat' };
      return { program: await compile(device, plan, request), logits };
    };
    const prefill = await make(plans.prefill);
    try {
      this.#passes = { version, prefill, decode: await make(plans.decode) };
      return this.#passes;
    } catch (error) {
      prefill.program.destroy();
      throw error;
    }
  }
}
