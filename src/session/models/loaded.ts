import type { ExportedAdapter } from '../../exports/format';
import type { CardRun } from '../../exports/card/model_card';
import type { Device } from '../../gpu/device';
import type { TunedProgram } from '../../graph/trial';
import { Adapter } from '../../models/adapter';
import { Generator } from '../../models/generation';
import { planChat } from '../../models/generation_graph';
import { grownRows, SequenceCache } from '../../models/sequence_cache';
import type { ModelLayout } from '../../models/layout';
import type { AdapterLayout } from '../../models/adapters/layout';
import type { Model } from '../../models/model';
import type { AdapterTemplate } from './open';

/**
 * The adapter that answers as "tuned" and that is exported. Its parameters are in JavaScript's memory, so that they
 * survive the loss of a device.
 */
export interface TunedAdapter extends ExportedAdapter {
  /** Its run; absent for an imported adapter. */
  readonly run?: CardRun;
  /** The template of an imported adapter; absent if nothing tells it. */
  readonly template?: AdapterTemplate;
}

/** The template with which an adapter was trained; undefined if nothing tells it. */
export function trainedTemplate({ run, template }: TunedAdapter): AdapterTemplate | undefined {
  return run?.settings.template ?? template;
}

/** The page's own limit: the caches of a conversation stay small beside a model, whatever the model takes. */
const MOST_CHAT_ROWS = 2048;

/** Most tokens of a conversation with a model, prompt and answers together. */
export function mostChatRows({ positions }: ModelLayout): number {
  return Math.min(positions, MOST_CHAT_ROWS);
}

/** Rows of the key and value caches after they have grown to hold `tokens`. */
export function chatRows(layout: ModelLayout, tokens: number): number {
  return grownRows(tokens, mostChatRows(layout));
}

/** An adapter's buffers on the device, and the programs bound to them. */
interface TunedPlace {
  readonly adapter: Adapter;
  readonly generator: Generator;
}

/** More layouts would take too much memory beside a model for the little time that compiling takes. */
const MOST_LAYOUTS = 2;

/** A key that is equal for adapters that the same programs compute, on one model. */
function layoutKey({ settings }: AdapterLayout): string {
  return JSON.stringify(settings);
}

/**
 * A model on a device: its base, and the programs and caches for chat with it or with the tuned adapter, made at their
 * first use.
 */
export class LoadedModel {
  readonly device: Device;
  readonly model: Model;
  #cache: SequenceCache | undefined;
  #base: Generator | undefined;
  /** By layout, the one used last at the end: adapters of one layout take turns in one place. */
  readonly #tuned = new Map<string, TunedPlace>();
  /** The base with a separate cache, so that it can answer at the same time as the tuned adapter. */
  #beside: { readonly cache: SequenceCache; readonly generator: Generator } | undefined;

  constructor(device: Device, model: Model) {
    this.device = device;
    this.model = model;
  }

  /** Whether the device still works. */
  get alive(): boolean {
    return !this.device.hasFailed;
  }

  /** Whether a generator is compiled: the base's, or that of an adapter's layout. */
  isCompiled(layout?: AdapterLayout): boolean {
    if (layout) return this.#tuned.has(layoutKey(layout));
    return this.#base !== undefined || this.#beside !== undefined;
  }

  /** The base without an adapter; compiled at the first call. */
  async base(): Promise<Generator> {
    if (this.#beside) return this.#beside.generator;
    this.#base ??= await Generator.compile(this.model, undefined, this.#sharedCache());
    return this.#base;
  }

  /** The base with a separate cache: it and `tuned` may answer at the same time. */
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
   * Whether the base and an adapter can answer at the same time with the present memory, and the caches are no larger
   * than this many tokens need.
   */
  isReadyForTwo(layout: AdapterLayout, tokens: number): boolean {
    const rows = chatRows(this.model.layout, tokens);
    const fits = (cache: SequenceCache | undefined): boolean => cache !== undefined && cache.rows <= rows;
    // Room is reckoned for one adapter.
    const compiled = this.#tuned.size === 1 && this.isCompiled(layout) && this.#base === undefined;
    return compiled && fits(this.#cache) && fits(this.#beside?.cache);
  }

  /** Frees the memory that only simultaneous answers need. */
  dropBeside(): void {
    this.#beside?.generator.destroy();
    this.#beside?.cache.destroy();
    this.#beside = undefined;
  }

  /** The base with an adapter; compiled if the adapter's layout is new. */
  async tuned(tuned: TunedAdapter): Promise<Generator> {
    const { layout } = tuned;
    const key = layoutKey(layout);
    const place = this.#tuned.get(key) ?? (await this.#newPlace(layout));
    this.#tuned.delete(key);
    this.#tuned.set(key, place);
    place.adapter.writeAdapter(tuned);
    return place.generator;
  }

  async #newPlace(layout: AdapterLayout): Promise<TunedPlace> {
    for (const key of [...this.#tuned.keys()].slice(0, 1 - MOST_LAYOUTS)) this.#dropPlace(key);
    const adapter = new Adapter(this.device, layout);
    try {
      return { adapter, generator: await this.generatorFor(adapter) };
    } catch (error) {
      adapter.destroy();
      throw error;
    }
  }

  #dropPlace(key: string): void {
    const place = this.#tuned.get(key);
    place?.generator.destroy();
    place?.adapter.destroy();
    this.#tuned.delete(key);
  }

  /** A generator with an adapter, perhaps one under training. The caller destroys it before this model. */
  async generatorFor(adapter: Adapter): Promise<Generator> {
    return await Generator.compile(this.model, adapter, this.#sharedCache());
  }

  dropTuned(): void {
    for (const key of [...this.#tuned.keys()]) this.#dropPlace(key);
  }

  /** Frees the memory of chat; it is allocated again at the next use. */
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

  /** The initial programs of a generator, for preparing their kernels. */
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
