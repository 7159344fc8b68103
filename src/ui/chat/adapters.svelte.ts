import { describeError, type ErrorDescription } from '../../core/errors';
import type { Message } from '../../core/messages/message';
import { MIX_DEFAULTS, MIX_SETTINGS } from '../../core/settings/mixing';
import type { KeptReport, WeightedName } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import type { ExportState } from '../export/export.svelte';
import { FormState } from '../shared/form.svelte';

type Exports = Pick<ExportState, 'importing' | 'refresh'>;

/** The adapters beside the open base: one of them answers, and several become one. */
export class AdaptersState {
  readonly #engine: EngineState;
  readonly #exports: Exports;
  readonly #onChange: () => void;
  readonly settings = new FormState(MIX_SETTINGS, 'mix.settings');
  /** Whether the dialog is open. */
  open = $state(false);
  /** The newest last. */
  all: readonly KeptReport[] = $state.raw([]);
  /** The typed weights, by the adapters' names. */
  weights: Readonly<Record<string, string>> = $state.raw({});
  error: ErrorDescription | undefined = $state.raw();
  /** On the last mix. */
  notes: readonly Message[] = $state.raw([]);

  /** The adapters with a weight. */
  readonly parts: readonly WeightedName[] = $derived.by(() =>
    this.all.flatMap(({ origin: name }) => {
      const typed = this.weights[name]?.trim() ?? '';
      return typed === '' ? [] : [{ name, weight: Number(typed.replace('−', '-')) }];
    }),
  );
  readonly canMix = $derived(
    this.parts.length > 1 && this.parts.every(({ weight }) => Number.isFinite(weight)) && this.settings.valid,
  );

  /** @param onChange called after another adapter became the tuned one */
  constructor(engine: EngineState, exports: Exports, onChange: () => void) {
    this.#engine = engine;
    this.#exports = exports;
    this.#onChange = onChange;
    this.settings.begin(MIX_DEFAULTS);
  }

  async show(): Promise<void> {
    this.open = true;
    await this.#change(() => Promise.resolve());
  }

  /** Lets an adapter answer as the tuned model. */
  async use(name: string): Promise<void> {
    await this.#change(async () => {
      await this.#engine.remote.kept.use(name);
      await this.#tell();
    });
  }

  async forget(name: string): Promise<void> {
    await this.#change(() => this.#engine.remote.kept.forget(name));
  }

  /** Mixes the adapters with a weight; the mix answers then. */
  async mix(name: string): Promise<void> {
    const { parts } = this;
    const settings = this.settings.values;
    if (!this.canMix || !settings) return;
    await this.#change(async () => {
      this.notes = await this.#engine.remote.kept.mix(parts, settings, name);
      this.weights = {};
      await this.#tell();
    });
  }

  async #tell(): Promise<void> {
    await this.#exports.refresh();
    this.#onChange();
  }

  async #change(work: () => Promise<void>): Promise<void> {
    this.error = undefined;
    this.notes = [];
    this.#exports.importing = true;
    try {
      await work();
    } catch (error) {
      this.error = describeError(error);
    } finally {
      this.#exports.importing = false;
    }
    this.all = await this.#engine.remote.kept.list().catch(() => []);
  }
}
