import { describeError, type ErrorDescription } from '../../core/errors';
import type { Language } from '../../core/messages/languages';
import type { Message } from '../../core/messages/message';
import type { TrainSettings } from '../../core/settings/settings';
import type {
  AdapterReport,
  ExportOffer,
  ExportOptions,
  FormatName,
  OptionsByFormat,
} from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import { language } from '../language.svelte';

const NONE: ExportOptions = {};

/** The possible exports with their sizes, and the choice of one with its options. */
export class ExportOffers {
  readonly #engine: EngineState;
  readonly #settings: () => TrainSettings | undefined;
  readonly #fail: (error: ErrorDescription) => void;
  #ofAdapter: readonly ExportOffer[] = $state.raw([]);
  #ofExamples: readonly ExportOffer[] = $state.raw([]);
  readonly all: readonly ExportOffer[] = $derived([...this.#ofAdapter, ...this.#ofExamples]);
  /** Further notes on the offer with this plan. */
  #measured: { readonly offer: ExportOffer; readonly notes: readonly Message[] } | undefined = $state.raw();
  /** The chosen format; undefined for the usual one, the first of the offers. */
  #format: FormatName | undefined = $state();
  /** The changed options by format. */
  #options: OptionsByFormat = $state.raw({});
  /** The language of the last offers. */
  #language: Language = language.current;
  /** Numbers of the newest requests to the engine; answers to older ones are ignored. */
  readonly #asked = { adapter: 0, examples: 0 };

  /**
   * @param settings those of the next training, for exports of the examples; undefined while some are wrong
   * @param fail called with the error of a question to the engine, unless that was an older question
   */
  constructor(
    engine: EngineState,
    settings: () => TrainSettings | undefined,
    fail: (error: ErrorDescription) => void,
  ) {
    this.#engine = engine;
    this.#settings = settings;
    this.#fail = fail;
  }

  get chosen(): ExportOffer | undefined {
    return this.all.find(({ format }) => format === this.#format) ?? this.all[0];
  }

  /** The notes on the chosen format. */
  get notes(): readonly Message[] {
    const { chosen } = this;
    const measured = this.#measured?.offer === chosen ? this.#measured?.notes : undefined;
    return [...(chosen?.notes ?? []), ...(measured ?? [])];
  }

  /** The changed options of the chosen format. */
  get options(): ExportOptions {
    return (this.chosen && this.#options[this.chosen.format]) ?? NONE;
  }

  /** Asks the engine which adapter is open, and for all offers. Without an adapter there are none of it. */
  async refresh(tell: (adapter: AdapterReport | undefined) => void): Promise<void> {
    const isLast = this.#ask('adapter');
    this.#language = language.current;
    const { adapter: remote } = this.#engine.remote;
    const examples = this.readExamples();
    try {
      const adapter = await remote.report();
      const offers = await remote.offers(this.#options, language.current);
      if (isLast()) {
        tell(adapter);
        this.#ofAdapter = offers;
        void this.#measure();
      }
    } catch (error) {
      if (isLast()) {
        tell(undefined);
        this.#ofAdapter = [];
        this.#fail(describeError(error));
      }
    }
    await examples;
  }

  /** Requests all offers again. */
  async read(): Promise<void> {
    await Promise.all([this.#readAdapter(), this.readExamples()]);
  }

  /** Requests the offers again if the page's language has changed, because the model card depends on it. */
  async follow(current: Language): Promise<void> {
    if (this.all.length > 0 && current !== this.#language) await this.read();
  }

  /** Requests the offers of the examples. */
  async readExamples(): Promise<void> {
    const isLast = this.#ask('examples');
    const settings = this.#settings();
    try {
      const { adapter: remote } = this.#engine.remote;
      const offers = settings ? await remote.examplesOffers(this.#options, language.current, settings) : [];
      if (isLast()) this.#ofExamples = offers;
    } catch (error) {
      if (!isLast()) return;
      this.#ofExamples = [];
      this.#fail(describeError(error));
    }
  }

  choose(format: FormatName): void {
    this.#format = format;
    void this.#measure();
  }

  /** Sets an option of the chosen format. */
  async setOption(name: string, value: string): Promise<void> {
    const { chosen } = this;
    if (!chosen) return;
    this.#options = { ...this.#options, [chosen.format]: { ...this.options, [name]: value } };
    await (chosen.needs === 'examples' ? this.readExamples() : this.#readAdapter());
  }

  async #readAdapter(): Promise<void> {
    const isLast = this.#ask('adapter');
    this.#language = language.current;
    try {
      const offers = await this.#engine.remote.adapter.offers(this.#options, language.current);
      if (!isLast()) return;
      this.#ofAdapter = offers;
      await this.#measure();
    } catch (error) {
      if (isLast()) this.#fail(describeError(error));
    }
  }

  /** Asks for the further notes on the chosen format. */
  async #measure(): Promise<void> {
    const { chosen } = this;
    if (!chosen?.measurable) return;
    try {
      const { adapter: remote } = this.#engine.remote;
      const notes = await remote.measure(chosen.format, this.options, language.current);
      if (this.chosen === chosen) this.#measured = { offer: chosen, notes };
    } catch (error) {
      if (this.chosen === chosen) this.#fail(describeError(error));
    }
  }

  #ask(about: 'adapter' | 'examples'): () => boolean {
    const asked = ++this.#asked[about];
    return () => asked === this.#asked[about];
  }
}
