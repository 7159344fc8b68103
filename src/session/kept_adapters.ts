import { TunesmithError } from '../core/errors';
import type { Message } from '../core/messages/message';
import { parseMixSettings, type MixSettings } from '../core/settings/mixing';
import { adapterId } from './adapter_id';
import type { Exclusive } from './exclusive';
import type { TunedAdapter } from './models/loaded';
import { adapterReport, type AdapterReport } from './reports';
import type { Session } from './session';

/** An adapter beside its base. */
interface KeptAdapter {
  /** A run's id, the name of an imported folder, or that of a mix. */
  readonly name: string;
  readonly tuned: TunedAdapter;
  /** The hash of the base. */
  readonly base: string;
}

export interface KeptReport extends AdapterReport {
  /** Whether it answers as "tuned" and is exported. */
  readonly isTuned: boolean;
}

/** A kept adapter's share of a mix. */
export interface WeightedName {
  readonly name: string;
  readonly weight: number;
}

/** As many as memory has room for: an adapter takes a few to a hundred megabytes. */
const MOST = 12;

/**
 * The adapters that were trained, imported or mixed for the open base, by name. They are in memory until the base is
 * closed; one of them is the tuned adapter.
 */
export class KeptAdapters {
  readonly #session: Session;
  readonly #exclusive: Exclusive;
  #all: readonly KeptAdapter[] = [];
  /** The name of the tuned adapter. */
  #name = '';

  constructor(session: Session, exclusive: Exclusive) {
    this.#session = session;
    this.#exclusive = exclusive;
  }

  /** The name of the tuned adapter; of no meaning if there is none. */
  get name(): string {
    return this.#name;
  }

  /** All of them, the newest last. */
  async list(): Promise<readonly KeptReport[]> {
    const { tuned } = this.#session;
    return await Promise.all(
      this.#present().map(async (kept) => ({
        ...(await adapterReport(kept.name, kept.tuned)),
        isTuned: kept.tuned === tuned,
      })),
    );
  }

  /** Makes a kept adapter the tuned one. Throws `adapter_unknown`. */
  async use(name: string): Promise<void> {
    await this.#exclusive.run('importing', () => {
      this.#session.setTuned(this.#get(name));
      this.#name = name;
      return Promise.resolve();
    });
  }

  /** Forgets an adapter. The tuned one stays in use. */
  forget(name: string): void {
    this.#all = this.#all.filter((kept) => kept.name !== name);
  }

  /**
   * Mixes adapters; the mix becomes the tuned adapter. Returns notes for the person. Throws `adapter_unknown` and as
   * `mixAdapters`.
   *
   * @param name of the mix; it gets a number if another adapter has it
   */
  async mix(
    parts: readonly WeightedName[],
    settings: MixSettings,
    name: string,
  ): Promise<readonly Message[]> {
    return await this.#exclusive.run('mixing', async () => {
      const named = parts.map((part) => ({ ...part, tuned: this.#get(part.name) }));
      const { tuned, notes } = this.#session.mix(named, parseMixSettings(settings));
      await this.keepNew(name, tuned);
      return notes;
    });
  }

  /** Makes a new adapter the tuned one, under a name of its own. */
  async keepNew(name: string, tuned: TunedAdapter): Promise<void> {
    const free = await this.#free(name, tuned);
    this.#session.setTuned(tuned);
    this.keepTuned(free);
  }

  /** Keeps the tuned adapter in place of the one of this name; forgets the oldest if there are too many. */
  keepTuned(name = this.#name): void {
    const { tuned } = this.#session;
    this.#name = name;
    if (!tuned) return;
    const others = this.#present().filter((kept) => kept.name !== name);
    this.#all = [...others, { name, tuned, base: this.#session.modelHash }].slice(-MOST);
  }

  /** Those of the open base; the others are forgotten. */
  #present(): readonly KeptAdapter[] {
    const base = this.#session.hasModel ? this.#session.modelHash : undefined;
    this.#all = this.#all.filter((kept) => kept.base === base);
    return this.#all;
  }

  #get(name: string): TunedAdapter {
    const found = this.#present().find((kept) => kept.name === name);
    if (found) return found.tuned;
    throw new TunesmithError({ code: 'adapter_unknown', values: { name } });
  }

  /** The name, with a number if another adapter has it. */
  async #free(name: string, tuned: TunedAdapter): Promise<string> {
    const all = this.#present();
    const id = await adapterId(tuned);
    for (let number = 1; ; number++) {
      const tried = number === 1 ? name : `${name} (${number})`;
      const other = all.find((kept) => kept.name === tried);
      if (!other || (await adapterId(other.tuned)) === id) return tried;
    }
  }
}
