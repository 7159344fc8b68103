import { createContext } from 'svelte';
import { describeError } from '../core/errors';
import type { RunRecord } from '../worker/protocol';
import { ChatState } from './chat/chat.svelte';
import { EngineState } from './engine.svelte';
import { ExamplesState } from './examples/examples.svelte';
import { ModelState } from './model/model.svelte';
import { Preparation } from './prepare.svelte';
import { formatDate } from './shared/format';
import { ThemeState } from './shared/theme.svelte';
import { TakeawayState } from './takeaway/takeaway.svelte';
import { text } from './takeaway/text';
import { RunsState } from './train/runs.svelte';
import { SettingsState } from './train/settings.svelte';
import { TrainState } from './train/train.svelte';
import { ChartView } from './train/view.svelte';

/** The page's state as a whole, and what reaches over several steps. */
export class App {
  readonly engine = new EngineState();
  readonly theme = new ThemeState();
  readonly settings = new SettingsState();
  readonly model = new ModelState(this.engine);
  readonly examples = new ExamplesState(this.engine);
  readonly training = new TrainState(this.engine);
  readonly runs = new RunsState(this.engine);
  readonly chat = new ChatState(this.engine);
  readonly takeaway = new TakeawayState(this.engine);
  readonly view = new ChartView();
  readonly preparation = new Preparation(this);
  /** Begin the next run from the adapter that is open, instead of a new one. */
  startFromAdapter = $state(false);
  /** What a former run is being opened for: nothing else may start meanwhile. */
  opening = $state(false);
  /** The one button was pressed, and what training needs is still being made ready. */
  starting = $state(false);
  #started = $state(false);

  /** Model, examples and settings stay as they are while a run uses them. */
  readonly locked = $derived(this.training.active || this.opening);
  /** The engine does one thing at a time: what else it is at, beside training and opening. */
  readonly #elsewhere = $derived(
    this.chat.speaking !== undefined || this.takeaway.exporting || this.takeaway.importing,
  );
  /** Whether the page should bring the engine to its wishes by itself. */
  readonly prepares = $derived(this.#started && this.engine.usable && !this.locked && !this.#elsewhere);
  readonly canStart = $derived(
    this.engine.usable &&
      this.settings.valid &&
      !this.locked &&
      !this.#elsewhere &&
      !this.starting &&
      this.training.plan?.fits !== false &&
      !this.examples.empty,
  );
  readonly canChat = $derived(
    this.model.report !== undefined &&
      !this.locked &&
      !this.model.busy &&
      !this.takeaway.exporting &&
      !this.takeaway.importing,
  );

  /** Where the open adapter comes from, for a person. */
  readonly adapterName = $derived.by(() => {
    const origin = this.takeaway.adapter?.origin ?? '';
    const run = this.runs.list.find(({ id }) => id === origin);
    return run ? text.adapterOfRun(run.modelName, formatDate(run.startedAt)) : origin;
  });

  /** Asks the engine for what it has, and brings back what the page kept. */
  async begin(): Promise<void> {
    try {
      await Promise.all([this.engine.detect(), this.examples.restore(), this.chat.restore()]);
      await this.settings.load(this.engine.remote);
      await this.runs.refresh();
    } catch (error) {
      this.engine.failure = describeError(error);
    }
    this.#started = true;
  }

  /** The one button: opens the model, reads the examples, and trains. */
  async start(): Promise<void> {
    if (this.runs.unfinished) this.runs.putAside(this.runs.unfinished);
    this.starting = true;
    const ready = await this.preparation.ready().finally(() => (this.starting = false));
    const settings = this.settings.values;
    if (!ready || !settings || this.training.plan?.fits === false) return;
    await this.training.start(settings, this.startFromAdapter && this.takeaway.adapter ? 'adapter' : 'new');
    await this.#afterRun();
  }

  /** Goes on with a run that was interrupted, over the model and the examples that it had. */
  async continueRun(run: RunRecord): Promise<void> {
    this.opening = true;
    await this.preparation.settled();
    const onOpened = () => {
      this.opening = false;
      void this.#adopt(run);
    };
    await this.training.continueRun(run, onOpened);
    this.opening = false;
    await this.#afterRun();
  }

  /** Opens a former run's adapter, to chat with it or to take it away. */
  async openRun(run: RunRecord): Promise<void> {
    this.opening = true;
    try {
      await this.preparation.settled();
      if (!(await this.runs.open(run))) return;
      this.runs.putAside(run);
      this.training.display(run);
      await this.#adopt(run);
      await this.takeaway.refresh();
    } finally {
      this.opening = false;
    }
  }

  /** Shows what a former run has opened: its model, its examples, its settings. */
  async #adopt(run: RunRecord): Promise<void> {
    this.preparation.outdate();
    try {
      await Promise.all([this.model.adopt(), this.examples.adopt()]);
      await this.settings.load(this.engine.remote);
      this.settings.setAll(run.settings);
    } catch (error) {
      this.engine.failure = describeError(error);
    }
  }

  async #afterRun(): Promise<void> {
    await Promise.all([this.runs.refresh(), this.takeaway.refresh()]);
  }
}

export const [useApp, provideApp] = createContext<App>();
