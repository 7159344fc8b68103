import { describeError } from '../../core/errors';
import type { ListedRun, RunRecord } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import type { ExamplesState } from '../examples/examples.svelte';
import type { CandidateState } from '../model/candidate.svelte';
import type { ModelState } from '../model/model.svelte';
import type { Preparation } from '../prepare.svelte';
import type { ExportState } from '../export/export.svelte';
import type { RouteState } from '../shell/route.svelte';
import type { SettingsState } from '../train/settings.svelte';
import type { TrainState } from '../train/train.svelte';
import type { FormerAdapter } from './former.svelte';
import type { RunsState } from './runs.svelte';

interface Parts {
  readonly engine: EngineState;
  readonly settings: SettingsState;
  readonly model: ModelState;
  readonly candidate: CandidateState;
  readonly examples: ExamplesState;
  readonly training: TrainState;
  readonly exports: ExportState;
  readonly runs: RunsState;
  readonly former: FormerAdapter;
  readonly preparation: Preparation;
  readonly route: RouteState;
}

/** Opens past runs again, with all that belongs to them: to use their adapters, to continue them, and after a reload. */
export class Reopening {
  readonly #parts: Parts;
  /** A past run is being opened. */
  busy = $state(false);

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** The run whose adapter was open before a reload, unless the visitor has to decide about another one first. */
  get formerRun(): ListedRun | undefined {
    const { engine, runs, former } = this.#parts;
    return engine.usable && !runs.unfinished ? runs.get(former.run) : undefined;
  }

  /** Trains a run to its end, from its last checkpoint. */
  async continue(id: string): Promise<void> {
    const { preparation, runs, training, former, route } = this.#parts;
    this.busy = true;
    former.closed = false;
    runs.opening = id;
    await preparation.settled();
    const run = await runs.read(id);
    if (run) {
      const shown = training.record;
      const onOpened = () => {
        this.busy = false;
        runs.opening = undefined;
        runs.takeUp(id);
        route.go('train');
        void this.#adopt(run);
      };
      await training.continueRun(run, onOpened);
      if (this.busy) {
        // It did not begin: its button's place says so, and the page shows what it showed before.
        const { error } = training;
        await this.#notOpened();
        if (error) runs.fail(id, error);
        if (shown) training.display(shown);
        else training.clear();
      }
    }
    runs.opening = undefined;
    this.busy = false;
  }

  /** Makes a run's adapter the tuned one, and shows its model, its examples and its settings. */
  async open(id: string): Promise<void> {
    if (await this.#open(id, (run) => this.#adopt(run))) this.#parts.route.go('train');
  }

  /** Opens the adapter of before a reload again, as long as nothing has to be downloaded for it. */
  async openFormer(): Promise<void> {
    const { runs, former } = this.#parts;
    const run = this.formerRun;
    if (!run) return;
    if (run.base !== 'kept' || run.usedBy !== undefined) {
      former.closed = true;
      return;
    }
    former.opening = true;
    const opened = await this.#open(run.id, (record) => this.#adoptBeside(record));
    former.opening = false;
    if (opened) return;
    // Without a failure, the visitor has skipped it.
    if (runs.failures.has(run.id)) former.closed = true;
    else former.forget();
  }

  async #open(id: string, adopt: (run: RunRecord) => Promise<void>): Promise<boolean> {
    const { preparation, runs, training, former, exports } = this.#parts;
    this.busy = true;
    former.closed = false;
    try {
      await preparation.settled();
      const run = (await runs.open(id)) === 'opened' ? await runs.read(id) : undefined;
      if (!run) {
        await this.#notOpened();
        return false;
      }
      former.remember(id);
      runs.putAside(run);
      training.display(run);
      await adopt(run);
      await exports.refresh();
      return true;
    } finally {
      this.busy = false;
    }
  }

  /** Shows what a past run has opened: its model, its examples, its settings. */
  async #adopt(run: RunRecord): Promise<void> {
    const { engine, candidate, model, examples, settings } = this.#parts;
    candidate.forget();
    await this.#take(run, async () => {
      const files = await engine.remote.runs.examples(run.id);
      await Promise.all([model.adopt(), examples.adopt(files)]);
      await settings.load(engine.remote);
      settings.setAll(run.settings);
      return true;
    });
  }

  /** After a reload, examples and settings are those that the page has kept: they may have been changed since the run. */
  async #adoptBeside(run: RunRecord): Promise<void> {
    const { engine, model, examples, settings } = this.#parts;
    await this.#take(run, async () => {
      const files = await engine.remote.runs.examples(run.id);
      await model.adopt();
      await settings.load(engine.remote);
      // Files that are too large are not kept by the page, but with the run.
      if (examples.lacksFiles) await examples.adopt(files);
      if (!(await examples.shows(files))) return false;
      await examples.showRead();
      return true;
    });
  }

  /** @param take false if the page shows other examples than the run's */
  async #take(run: RunRecord, take: () => Promise<boolean>): Promise<void> {
    const { preparation, runs } = this.#parts;
    preparation.outdate();
    try {
      if (await take()) preparation.adopted(run.settings);
    } catch (error) {
      // The page may show a part of what the run has.
      await this.#notOpened();
      runs.fail(run.id, describeError(error));
    }
  }

  /** A past run could not be opened: the engine may have its model and its examples all the same. */
  async #notOpened(): Promise<void> {
    const { engine, preparation, model } = this.#parts;
    preparation.outdate();
    await model.compare().catch((error: unknown) => (engine.failure = describeError(error)));
  }
}
