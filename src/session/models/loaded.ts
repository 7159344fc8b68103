import type { ExportedAdapter } from '../../exports/format';
import type { CardRun } from '../../exports/model_card';
import type { Device } from '../../gpu/device';
import type { TunedProgram } from '../../graph/trial';
import { Adapter } from '../../models/adapter';
import { Generator } from '../../models/generation';
import { planChat } from '../../models/generation_graph';
import { grownRows, SequenceCache } from '../../models/sequence_cache';
import type { ModelLayout } from '../../models/layout';
import type { AdapterLayout } from '../../models/adapters/layout';
import type { Model } from '../../models/model';

/** The adapter that chats as "tuned" and is exported: its bytes live here, so that a lost device takes nothing. */
export interface TunedAdapter extends ExportedAdapter {
  /** The run that it comes from; absent for one that was imported. */
  readonly run?: CardRun;
}

const MOST_CHAT_ROWS = 2048;

/** Tokens that a conversation with a model may have, prompt and answers together. */
export function mostChatRows({ positions }: ModelLayout): number {
  return Math.min(positions, MOST_CHAT_ROWS);
}

/** Rows of the key and value caches once they hold so many tokens. */
export function chatRows(layout: ModelLayout, tokens: number): number {
  return grownRows(tokens, mostChatRows(layout));
}

/** One model on a device: its base, and what chatting with it or with the tuned adapter needs, made at the first use. */
export class LoadedModel {
  readonly device: Device;
  readonly model: Model;
  #cache: SequenceCache | undefined;
  #base: Generator | undefined;
  #tuned: { readonly adapter: Adapter; readonly generator: Generator } | undefined;
  /** The base with a cache of its own, so that it can answer while the tuned adapter answers. */
  #beside: { readonly cache: SequenceCache; readonly generator: Generator } | undefined;

  constructor(device: Device, model: Model) {
    this.device = device;
    this.model = model;
  }

  /** Whether the device still answers. */
  get alive(): boolean {
    return !this.device.hasFailed;
  }

  /** Whether a generator is compiled: the base's, or that of an adapter's layout. */
  isCompiled(layout?: AdapterLayout): boolean {
    if (layout) return this.#tuned?.adapter.layout === layout;
    return this.#base !== undefined || this.#beside !== undefined;
  }

  /** The base alone; compiled at the first call. */
  async base(): Promise<Generator> {
    if (this.#beside) return this.#beside.generator;
    this.#base ??= await Generator.compile(this.model, undefined, this.#sharedCache());
    return this.#base;
  }

  /** The base alone with a cache of its own: it and `tuned` may answer at the same time. */
  async baseBeside(): Promise<Generator> {
    if (!this.#beside) {
      const cache = this.#newCache();
      try {
        this.#beside = { cache, generator: await Generator.compile(this.model, undefined, cache) };
      } catch (error) {
        cache.destroy();
        throw error;
      }
    }
    return this.#beside.generator;
  }

  /**
   * Whether the base and an adapter can answer at the same time with what is on the device, and no more is there than they
   * need for so many tokens.
   */
  isReadyForTwo(layout: AdapterLayout, tokens: number): boolean {
    const rows = chatRows(this.model.layout, tokens);
    const fits = (cache: SequenceCache | undefined): boolean => cache !== undefined && cache.rows <= rows;
    const compiled = this.#tuned?.adapter.layout === layout && this.#base === undefined;
    return compiled && fits(this.#cache) && fits(this.#beside?.cache);
  }

  /** Gives back what only two answers at the same time take. */
  dropBeside(): void {
    this.#beside?.generator.destroy();
    this.#beside?.cache.destroy();
    this.#beside = undefined;
  }

  /** The base with an adapter; compiled when the adapter's layout is new. */
  async tuned({ layout, parameters }: TunedAdapter): Promise<Generator> {
    if (this.#tuned && this.#tuned.adapter.layout !== layout) this.dropTuned();
    if (!this.#tuned) {
      const adapter = new Adapter(this.device, layout);
      try {
        this.#tuned = { adapter, generator: await this.generatorFor(adapter) };
      } catch (error) {
        adapter.destroy();
        throw error;
      }
    }
    this.#tuned.adapter.writeParameters(parameters);
    return this.#tuned.generator;
  }

  /** A generator with an adapter, perhaps one under training. The caller destroys it, before the loaded. */
  async generatorFor(adapter: Adapter): Promise<Generator> {
    return await Generator.compile(this.model, adapter, this.#sharedCache());
  }

  dropTuned(): void {
    this.#tuned?.generator.destroy();
    this.#tuned?.adapter.destroy();
    this.#tuned = undefined;
  }

  /** Gives back what only chatting takes; it is made again when it is next needed. */
  dropChat(): void {
    this.dropTuned();
    this.dropBeside();
    this.#base?.destroy();
    this.#base = undefined;
    this.#cache?.destroy();
    this.#cache = undefined;
  }

  destroy(): void {
    this.dropChat();
    this.model.destroy();
  }

  /** The programs of a generator as they will be at first, for the kernels to be prepared. */
  chatPrograms(adapter?: AdapterLayout): readonly TunedProgram[] {
    const { layout } = this.model;
    const cacheRows = chatRows(layout, 1);
    const { prefill, decode } = planChat(layout, adapter, { cacheRows, limits: this.device.limits });
    const past = cacheRows >> 1;
    return [
      { plan: prefill.plan, past },
      { plan: decode.plan, past },
    ];
  }

  #sharedCache(): SequenceCache {
    this.#cache ??= this.#newCache();
    return this.#cache;
  }

  #newCache(): SequenceCache {
    const { layout } = this.model;
    return new SequenceCache(this.model, mostChatRows(layout), chatRows(layout, 1));
  }
}
