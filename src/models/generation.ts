import { TunesmithError } from '../core/errors';
import { compile } from '../graph/compile';
import type { Program } from '../graph/program';
import type { Tensor } from '../ops/op';
import type { Adapter } from './adapter';
import { GENERATION_SLOTS, planChat, type GenerationPlan } from './generation_graph';
import type { SequenceCache } from './sequence_cache';
import type { Model } from './model';

/** Candidates for the next token: the likeliest few of each group of the vocabulary. */
export interface Likeliest {
  readonly scores: Float32Array;
  /** The tokens of the scores. */
  readonly ids: Uint32Array;
  /** Upper bound of the scores of all other tokens. */
  readonly bound: number;
}

interface Passes {
  /** Version of the cache whose buffers the programs are bound to. */
  readonly version: number;
  readonly prefill: Program;
  readonly decode: Program;
  readonly results: Pick<GenerationPlan, 'logits' | 'likeliest'>;
}

/** Turns tokens into logits, with the base alone or with an adapter. */
export class Generator {
  readonly #model: Model;
  readonly #adapter: Adapter | undefined;
  readonly #cache: SequenceCache;
  #passes: Passes | undefined;

  private constructor(model: Model, adapter: Adapter | undefined, cache: SequenceCache) {
    this.#model = model;
    this.#adapter = adapter;
    this.#cache = cache;
  }

  /** @param cache may be shared with other generators that never run at the same time */
  static async compile(model: Model, adapter: Adapter | undefined, cache: SequenceCache): Promise<Generator> {
    const generator = new Generator(model, adapter, cache);
    await generator.#compiled();
    return generator;
  }

  /** Most tokens of prompt and answer together. */
  get room(): number {
    return this.#cache.most;
  }

  /**
   * Adds tokens to the cache after the first `past` ones; the cache grows if necessary. Throws `context_full` if they
   * don't fit.
   */
  async remember(tokens: readonly number[], past: number): Promise<void> {
    const { prefill } = await this.#passesFor(past + tokens.length);
    const { capacity } = prefill.plan;
    for (let first = 0; first < tokens.length; first += capacity) {
      const chunk = tokens.slice(first, first + capacity);
      prefill.write('tokens', Uint32Array.from(chunk));
      this.#cache.advance(past + first, chunk.length);
      await prefill.run({ rows: chunk.length, past: past + first });
    }
  }

  /**
   * Runs the tokens after the first `past` ones in the cache and returns the next token's logits, f32 [vocabulary].
   * Throws `context_full` if the tokens don't fit.
   */
  async next(tokens: readonly number[], past: number): Promise<Float32Array> {
    const { logits } = (await this.#passesFor(past + tokens.length)).results;
    return this.#vocabulary(await this.#decode(tokens, past, [logits]));
  }

  /** As `next`, but reads back only the likeliest tokens. */
  async likeliest(tokens: readonly number[], past: number): Promise<Likeliest> {
    const { likeliest } = (await this.#passesFor(past + tokens.length)).results;
    if (!likeliest) {
      const scores = await this.next(tokens, past);
      return { scores, ids: Uint32Array.from(scores.keys()), bound: -Infinity };
    }
    const bytes = await this.#decode(tokens, past, [likeliest.scores, likeliest.ids]);
    const scores = new Float32Array(bytes, 0, bytes.byteLength / 8);
    let bound = -Infinity;
    // Each group has four scores in descending order.
    for (let last = 3; last < scores.length; last += 4) bound = Math.max(bound, scores[last]!);
    return { scores, ids: new Uint32Array(bytes, bytes.byteLength / 2), bound };
  }

  /** The logits after the last token that was run. */
  async logits(): Promise<Float32Array> {
    const { decode, results } = await this.#compiled();
    return this.#vocabulary(await decode.read(results.logits, 1));
  }

  async #decode(tokens: readonly number[], past: number, results: readonly Tensor[]): Promise<ArrayBuffer> {
    const before = tokens.length - 1;
    if (before > 0) await this.remember(tokens.slice(0, before), past);
    const { decode } = await this.#compiled();
    decode.write('tokens', Uint32Array.from(tokens.slice(before)));
    this.#cache.advance(past + before, 1);
    return await decode.runAndRead({ rows: 1, past: past + before }, results);
  }

  #vocabulary(bytes: ArrayBuffer): Float32Array {
    return new Float32Array(bytes, 0, this.#model.layout.spec.vocabularySize);
  }

  /** The programs, after the cache has room for `count` tokens. */
  async #passesFor(count: number): Promise<Passes> {
    if (count > this.room) {
      throw new TunesmithError({ code: 'context_full', values: { tokens: count, room: this.room } });
    }
    await this.#adapter?.ready(this.#model);
    this.#cache.reserve(count);
    return await this.#compiled();
  }

  destroy(): void {
    this.#passes?.decode.destroy();
    this.#passes?.prefill.destroy();
    this.#passes = undefined;
  }

  /** The programs, compiled again if the cache's buffers have changed. */
  async #compiled(): Promise<Passes> {
    const cache = this.#cache;
    if (this.#passes?.version === cache.version) return this.#passes;
    this.destroy();
    const { device, layout } = this.#model;
    const plans = planChat(layout, this.#adapter?.layout, { cacheRows: cache.rows, limits: device.limits });
    cache.reserveArenas(plans.arenas);
    const { version, arenas } = cache;
    const buffers = new Map([...this.#model.buffers, ...cache.buffers, ...(this.#adapter?.buffers ?? [])]);
    const request = { buffers, inputs: GENERATION_SLOTS, arenas, purpose: 'chat' as const };
    const prefill = await compile(device, plans.prefill.plan, request);
    try {
      const decode = await compile(device, plans.decode.plan, request);
      this.#passes = { version, prefill, decode, results: plans.decode };
      return this.#passes;
    } catch (error) {
      prefill.destroy();
      throw error;
    }
  }
}
