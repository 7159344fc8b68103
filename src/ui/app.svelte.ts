import { createContext } from 'svelte';
import { describeError } from '../core/errors';
import type { ModelReference } from '../core/model_reference';
import { isDataFile, type ListedRun, type SavedModelReport } from '../worker/protocol';
import { ChatState } from './chat/chat.svelte';
import { speakerOf, type Speaker } from './chat/conversation';
import { EngineState } from './engine.svelte';
import { ExamplesState } from './examples/examples.svelte';
import { CandidateState } from './model/candidate.svelte';
import { sayError, t } from './language.svelte';
import { HubState } from './model/hub.svelte';
import { ModelState, wayOf, type Way } from './model/model.svelte';
import { SearchState } from './model/search.svelte';
import { SavedModelsState } from './model/saved.svelte';
import { UpdateState } from './offline/update.svelte';
import { Preparation } from './prepare.svelte';
import { CompareState } from './runs/compare.svelte';
import { RunFinder } from './runs/finder.svelte';
import { FormerAdapter } from './runs/former.svelte';
import { nameOf } from './runs/name';
import { Reopening } from './runs/reopening.svelte';
import { RunsState } from './runs/runs.svelte';
import type { PickedFiles } from './shared/files';
import { ThemeState } from './shared/theme.svelte';
import { NewsState } from './shell/news.svelte';
import { RouteState } from './shell/route.svelte';
import { ExportState } from './export/export.svelte';
import { PromptsState } from './train/prompts.svelte';
import { SettingsState } from './train/settings.svelte';
import { TrainState } from './train/train.svelte';
import { ChartView } from './train/view.svelte';

/** The page's state as a whole, and what reaches over several steps. */
export class App {
  readonly engine = new EngineState();
  readonly route = new RouteState();
  readonly news = new NewsState();
  readonly theme = new ThemeState();
  readonly update = new UpdateState();
  readonly settings = new SettingsState();
  readonly model = new ModelState(this.engine);
  readonly hub = new HubState(this.engine);
  readonly search = new SearchState(this.engine);
  readonly candidate = new CandidateState(this.engine);
  readonly saved = new SavedModelsState(this.engine);
  readonly examples = new ExamplesState(this.engine);
  readonly training = new TrainState(this.engine);
  readonly runs = new RunsState(this.engine);
  readonly finder = new RunFinder();
  readonly compare = new CompareState(this.runs);
  readonly former = new FormerAdapter();
  readonly chat = new ChatState(this.engine, () => this.speaker);
  readonly exports = new ExportState(this.engine);
  readonly view = new ChartView();
  readonly prompts = new PromptsState(this.settings, this.examples);
  readonly preparation = new Preparation(this);
  readonly reopening = new Reopening(this);
  /** Begin the next run from the adapter that is open, instead of a new one. */
  startFromAdapter = $state(false);
  /** The adapter that the next run begins with; undefined for a new one. */
  readonly initialAdapter = $derived.by(() => (this.startFromAdapter ? this.exports.adapter : undefined));
  /** The one button was pressed, and what training needs is still being made ready. */
  starting = $state(false);
  #started = $state(false);
  /** The less used settings of the model step are unfolded. */
  modelMore = $state(false);
  /** Branch, tag or commit of what is fetched from the hub where its name does not say one; empty: the newest. */
  hubRevision = $state('');

  /** Model, examples and settings stay as they are while a run uses them. */
  readonly locked = $derived(this.training.active || this.reopening.busy);
  /** The engine does one thing at a time: what else it is at, beside training and opening. */
  readonly #elsewhere = $derived(
    this.chat.speaking !== undefined || this.exports.exporting || this.exports.importing,
  );
  /** Whether the page should bring the engine to its wishes by itself. */
  readonly prepares = $derived(this.#started && this.engine.usable && !this.locked && !this.#elsewhere);
  readonly canStart = $derived(
    this.engine.usable &&
      this.settings.valid &&
      !this.locked &&
      !this.#elsewhere &&
      !this.starting &&
      !this.model.halted &&
      !this.model.stopped &&
      this.training.plan?.fits !== false &&
      !this.training.refused &&
      !this.examples.empty,
  );
  readonly canChat = $derived(
    this.model.report !== undefined &&
      this.chat.settings.valid &&
      !this.locked &&
      !this.starting &&
      !this.model.busy &&
      !this.exports.exporting &&
      !this.exports.importing,
  );

  /** Bytes of storage that opening the candidate lacks; undefined if there is room enough or nobody knows. */
  readonly missingRoom = $derived.by(() => {
    const { storageNeeded = 0, storageFree } = this.candidate.preview ?? {};
    return storageFree !== undefined && storageNeeded > storageFree ? storageNeeded - storageFree : undefined;
  });
  readonly canOpenCandidate = $derived(
    this.engine.usable &&
      !this.locked &&
      !this.model.busyLong &&
      this.settings.valid &&
      this.candidate.preview?.fits === true &&
      this.missingRoom === undefined,
  );
  /** Whether what is open can be loaded otherwise without the visitor's choosing its files again. */
  readonly canReopen = $derived(
    this.model.wanted.kind === 'hub' ||
      (this.model.wanted.kind === 'stored' && this.model.report?.repo !== undefined),
  );

  /** Where the open adapter comes from, for a person. */
  readonly adapterName = $derived.by(() => {
    const origin = this.exports.adapter?.origin ?? '';
    const run = this.runs.get(origin);
    return run ? nameOf(run) : origin;
  });

  /** Who answers in the chat. */
  readonly speaker: Speaker | undefined = $derived.by(() => {
    const { adapter } = this.exports;
    const run = this.runs.get(adapter?.origin);
    return speakerOf(this.model.report, adapter, { adapter: this.adapterName, step: run?.checkpointStep });
  });

  /** The run that failed last, which can be continued. */
  get failedRun(): ListedRun | undefined {
    const { runs, training } = this;
    return (
      runs.get(training.continued) ?? runs.list.find(({ usedBy, state }) => !usedBy && state !== 'finished')
    );
  }

  /** A past run is being opened: nothing else may start meanwhile. */
  get opening(): boolean {
    return this.reopening.busy;
  }

  /** Asks the engine for what it has, and brings back what the page kept. */
  async begin(): Promise<void> {
    try {
      await Promise.all([this.engine.detect(), this.examples.restore(), this.chat.restore()]);
      await Promise.all([this.settings.load(this.engine.remote), this.hub.tell()]);
      await Promise.all([this.runs.refresh(), this.saved.refresh()]);
      // Who has just chosen a hub wants a model of it.
      if (this.hub.justChosen) this.model.way = 'hub';
      else if (!this.reopening.formerRun) this.#offerFormer();
    } catch (error) {
      this.engine.failure = describeError(error);
    }
    const reopened = this.reopening.openFormer();
    this.#started = true;
    await reopened;
    if (this.hub.justChosen) this.model.way = 'hub';
  }

  /** Shows another way to a model. What is being looked at belongs to the way that it was found on. */
  chooseWay(way: Way): void {
    if (way === 'demo') {
      if (this.model.wanted.kind !== 'demo') this.former.forget();
      this.model.chooseDemo();
    }
    this.model.way = way;
    this.search.cancel();
    this.candidate.forget();
    if (way === 'kept') void this.saved.refresh();
  }

  /** Takes what was dropped beside the places for it, where it is plain what it is. */
  async takeDrop(dropped: Promise<PickedFiles | undefined>): Promise<void> {
    const picked = await dropped.catch(() => undefined);
    if (!picked || this.locked || this.model.busyLong) return;
    const some = (names: RegExp) => picked.files.some(({ name }) => names.test(name));
    if (some(/^adapter_config\.json$/)) return;
    if (some(/\.(safetensors|gguf)$|^config\.json$/i)) {
      this.chooseFiles(picked);
      this.route.go('model');
    } else if (picked.files.some(({ name }) => isDataFile(name))) {
      this.route.go('examples');
      await this.examples.add(picked.files);
    }
  }

  /** Opens a model from the visitor's disk. */
  chooseFiles(picked: PickedFiles): void {
    this.candidate.forget();
    this.former.forget();
    this.model.way = 'disk';
    this.model.chooseFiles(picked);
  }

  /** Looks at a model that is kept, or at the rest of one that is not whole yet. */
  lookAtSaved(saved: SavedModelReport): void {
    const { id, name, repo, commit, partial } = saved;
    if (!partial || repo === undefined) this.candidate.look({ kind: 'stored', id }, repo ?? name);
    else this.candidate.look({ kind: 'hub', repo, ...(commit !== undefined && { revision: commit }) }, repo);
  }

  async removeSaved(saved: SavedModelReport): Promise<void> {
    this.candidate.forget();
    await this.saved.remove(saved);
    await this.runs.refresh();
  }

  /** Removes runs, and with them the models that were kept for them alone. */
  async removeRuns(...ids: readonly string[]): Promise<void> {
    await this.runs.remove(...ids);
    if (this.former.run !== undefined && !this.runs.get(this.former.run)) this.former.forget();
    await this.saved.refresh();
  }

  /** Opens what is being looked at; what is missing of it is downloaded. */
  openCandidate(): void {
    const { source, name } = this.candidate;
    if (!source || !this.canOpenCandidate) return;
    if (this.runs.unfinished) this.runs.putAside(this.runs.unfinished);
    this.former.forget();
    this.model.choose(source, name);
    this.model.way = wayOf(source);
    this.search.clear();
    this.candidate.forget();
    this.route.go('model');
  }

  /** Asks anew what the model that is being looked at would take. */
  refreshCandidate(): void {
    const { values, quantization } = this.settings;
    if (values) void this.candidate.refresh(quantization, values);
  }

  /** Looks at a model of the hub, at the revision that is set where its name says none. */
  lookAtHub({ repo, revision = this.hubRevision.trim(), file }: ModelReference): void {
    this.candidate.look({
      kind: 'hub',
      repo,
      ...(revision !== '' && { revision }),
      ...(file !== undefined && { file }),
    });
  }

  setHubRevision(revision: string): void {
    this.hubRevision = revision;
    const { source } = this.candidate;
    if (source?.kind !== 'hub') return;
    const { repo, file } = source;
    this.lookAtHub({ repo, ...(file !== undefined && { file }) });
  }

  /** Unfolds the settings of the hub and goes to one of them. */
  toHubSettings(field: 'endpoint' | 'token'): void {
    this.route.go('model');
    this.modelMore = true;
    // After it is unfolded.
    requestAnimationFrame(() => {
      document.getElementById(`hub-${field}`)?.focus();
    });
  }

  /** Looks at the model of before a reload, where it is kept: it opens without a network. */
  #offerFormer(): void {
    const { former } = this.model;
    if (!former) return;
    if ('folder' in former) {
      this.model.way = 'disk';
      const kept = this.saved.list.find(({ name, source, partial }) => {
        return !partial && source === 'files' && name === former.folder;
      });
      if (!kept) return;
      this.model.way = 'kept';
      this.lookAtSaved(kept);
      return;
    }
    const kept = this.saved.list.find(({ repo }) => repo === former.repo);
    if (!kept) return;
    this.model.way = 'kept';
    this.lookAtSaved(kept);
  }

  /** The one button: opens the model, reads the examples, and trains. */
  async start(): Promise<void> {
    if (this.runs.unfinished) this.runs.putAside(this.runs.unfinished);
    this.route.go('train');
    this.news.seen();
    this.starting = true;
    const ready = await this.preparation.ready().finally(() => (this.starting = false));
    const settings = this.settings.values;
    if (!ready || !settings || this.training.plan?.fits === false) {
      if (this.model.error) this.route.go('model');
      else if (this.examples.error) this.route.go('examples');
      return;
    }
    await this.training.start(settings, this.initialAdapter ? 'adapter' : 'new');
    await this.#afterRun();
  }

  /** Goes on with a run that was interrupted, over the model and the examples that it had. */
  async continueRun(run: Pick<ListedRun, 'id'>): Promise<void> {
    this.news.seen();
    await this.reopening.continue(run.id);
    await this.#afterRun();
  }

  /** Opens a past run: its adapter to chat with and to export, its model, its examples and its settings. */
  async openRun(run: Pick<ListedRun, 'id'>): Promise<void> {
    await this.reopening.open(run.id);
  }

  async #afterRun(): Promise<void> {
    const { phase, error } = this.training;
    if (phase === 'finished') void this.news.tell('done', t.shell.finishedTitle, t.shell.finishedBody);
    if (phase === 'failed' && error)
      void this.news.tell('failed', t.shell.failedTitle, sayError(error).message);
    await Promise.all([this.runs.refresh(), this.exports.refresh(), this.saved.refresh()]);
    const run = this.runs.get(this.exports.adapter?.origin);
    if (run) this.former.remember(run.id);
  }
}

export const [useApp, provideApp] = createContext<App>();
