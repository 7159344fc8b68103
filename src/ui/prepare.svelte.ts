import { describeError } from '../core/errors';
import { dataKey, type TrainSettings } from '../core/settings/settings';
import type { AdapterReport, ModelSource } from '../worker/protocol';
import type { EngineState } from './engine.svelte';
import type { ExamplesState } from './examples/examples.svelte';
import type { ModelState } from './model/model.svelte';
import type { SavedModelsState } from './model/saved.svelte';
import type { ExportState } from './export/export.svelte';
import type { FormerAdapter } from './runs/former.svelte';
import type { SettingsState } from './train/settings.svelte';
import type { TrainState } from './train/train.svelte';

interface Parts {
  readonly engine: EngineState;
  readonly settings: SettingsState;
  readonly model: ModelState;
  readonly saved: SavedModelsState;
  readonly examples: ExamplesState;
  readonly training: TrainState;
  readonly exports: ExportState;
  readonly former: FormerAdapter;
  /** The adapter that the next run begins with; undefined for a new one. */
  readonly initialAdapter: AdapterReport | undefined;
}

interface Wish {
  readonly usable: boolean;
  readonly values: TrainSettings | undefined;
  readonly model: ModelSource;
  readonly examples: number;
  readonly adapter: AdapterReport | undefined;
}

/**
 * Brings the engine's state in line with the page: opens the chosen model, reads the chosen examples, and makes the
 * plan, each only if something that it depends on has changed.
 */
export class Preparation {
  readonly #parts: Parts;
  #work: Promise<boolean> | undefined;
  #examplesDone = '';
  #planDone = '';

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Everything that the preparation depends on; a change of it requires a new preparation. */
  readonly wish: Wish = $derived.by(() => {
    const { engine, settings, model, examples, initialAdapter } = this.#parts;
    return {
      usable: engine.usable,
      values: settings.values,
      model: model.wanted,
      examples: examples.revision,
      adapter: initialAdapter,
    };
  });

  /** Resolves to whether model, examples and plan are ready for the present choices; false if one of them can't be. */
  ready(): Promise<boolean> {
    this.#work ??= this.#prepare()
      .catch((error: unknown) => {
        this.#parts.engine.failure = describeError(error);
        return false;
      })
      .finally(() => (this.#work = undefined));
    return this.#work;
  }

  /** Resolves when no preparation is running, however the last one ended. */
  async settled(): Promise<void> {
    await this.#work;
  }

  /** Marks the examples as out of date, because a past run may have replaced them in the engine. */
  outdate(): void {
    this.#examplesDone = '';
    this.#planDone = '';
  }

  /** Call it after a past run has opened its model and examples and the page shows them as chosen. */
  adopted(read: TrainSettings): void {
    const { values, quantization } = this.#parts.settings;
    this.outdate();
    if (!values || dataKey(values) !== dataKey(read)) return;
    if (this.#parts.model.isOpen(quantization)) this.#examplesDone = this.#examplesKey(values);
  }

  async #prepare(): Promise<boolean> {
    for (;;) {
      const wish = this.wish;
      const good = await this.#prepareOnce();
      // If the choices have changed meanwhile, neither a result nor a failure counts.
      if (sameWish(wish, this.wish)) return good;
    }
  }

  async #prepareOnce(): Promise<boolean> {
    const { engine, settings, model, saved, examples, training, exports, former } = this.#parts;
    if (!engine.usable || !settings.valid) return false;
    if (!model.isOpen(settings.quantization)) {
      training.forgetPlan();
      this.#planDone = '';
      if (!model.mayOpen(settings.quantization)) return false;
      this.#examplesDone = '';
      // Opening a model closes the adapter. Whoever chooses another model has left the adapter's run already.
      const { adapter } = exports;
      const run = adapter?.origin === former.run ? former.run : undefined;
      if (adapter) former.forget();
      const opened = await model.open(settings.quantization);
      if (opened && run !== undefined) former.leave(run);
      await Promise.all([exports.refresh(), model.wanted.kind === 'demo' ? undefined : saved.refresh()]);
      // Some failures come before the engine closes what was open.
      if (!opened && run !== undefined && exports.adapter) former.remember(run);
      training.clear();
      if (!opened) return false;
      await settings.load(engine.remote);
    }
    const values = settings.values;
    if (!values || !settings.valid) return false;
    const examplesKey = this.#examplesKey(values);
    if (this.#examplesDone !== examplesKey) {
      training.forgetPlan();
      // If it fails, the former examples are lost too: going back to their settings reads them again.
      this.#examplesDone = '';
      this.#planDone = '';
      if (!(await examples.load(values))) return false;
      this.#examplesDone = examplesKey;
    }
    // The adapter's own settings affect the plan.
    const { initialAdapter } = this.#parts;
    const planKey = `${examplesKey} ${JSON.stringify([values, initialAdapter])}`;
    if (this.#planDone !== planKey) {
      this.#planDone = '';
      if (!(await training.makePlan(values, initialAdapter ? 'adapter' : 'new'))) return false;
      this.#planDone = planKey;
    }
    return true;
  }

  #examplesKey(values: TrainSettings): string {
    return `${this.#parts.examples.revision} ${dataKey(values)}`;
  }
}

/** Compares by content, because a derived value without observers is computed anew at each access. */
function sameWish(a: Wish, b: Wish): boolean {
  const values = [a, b].map((wish) => JSON.stringify([wish.values, wish.adapter]));
  return a.usable === b.usable && a.model === b.model && a.examples === b.examples && values[0] === values[1];
}
