import { TunesmithError } from '../core/errors';
import { compile } from '../graph/compile';
import type { Program } from '../graph/program';
import type { Tensor } from '../ops/op';
import type { Adapter } from './adapter';
import { GENERATION_SLOTS, planChat, type GenerationPlan } from './generation_graph';
import type { SequenceCache } from './sequence_cache';
import type { Model } from './model';

/** The tokens that can be likely to come next, of all groups of the vocabulary the likeliest few. */
export interface Likeliest {
  readonly scores: Float32Array;
  /** Which tokens the scores are of. */
  readonly ids: Uint32Array;
  /** No token that is left out has a higher score. */
  readonly bound: number;
}

interface Passes {
  /** Of the cache whose buffers they are bound to. */
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

  /** @param cache perhaps that of other generators, which never answer at the same time */
  static async compile(model: Model, adapter: Adapter | undefined, cache: SequenceCache): Promise<Generator> {
    const generator = new Generator(model, adapter, cache);
    await generator.#compiled();
    return generator;
  }

  /** Tokens that fit, prompt and answer together. */
  get room(): number {
    return this.#cache.most;
  }

  /**
   * Puts the tokens after the `past` ones into the cache, which grows where it has to. Throws `context_full` if they
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
   * Runs the tokens after the `past` ones that the cache holds and returns the next token's logits, f32 [vocabulary].
   * Throws `context_full` if the tokens don't fit.
   */
  async next(tokens: readonly number[], past: number): Promise<Float32Array> {
    const { logits } = (await this.#passesFor(past + tokens.length)).results;
    return this.#vocabulary(await this.#decode(tokens, past, [logits]));
  }

  /** As `next`, but reads back no more than the likeliest tokens. */
  async likeliest(tokens: readonly number[], past: number): Promise<Likeliest> {
    const { likeliest } = (await this.#passesFor(past + tokens.length)).results;
    if (!likeliest) {
      const scores = await this.next(tokens, past);
      return { scores, ids: Uint32Array.from(scores.keys()), bound: -Infinity };
    }
    const bytes = await this.#decode(tokens, past, [likeliest.scores, likeliest.ids]);
    const scores = new Float32Array(bytes, 0, bytes.byteLength / 8);
    let bound = -Infinity;
    // Groups of four, descending.
    for (let last = 3; last < scores.length; last += 4) bound = Math.max(bound, scores[last]!);
    return { scores, ids: new Uint32Array(bytes, bytes.byteLength / 2), bound };
  }

  /** The logits after the token that was run last. */
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

  /** The programs, and room in the cache for so many tokens. */
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
