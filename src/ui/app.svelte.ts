import { createContext } from 'svelte';
import { describeError } from '../core/errors';
import { isDataFile, type ListedRun, type SavedModelReport } from '../worker/protocol';
import { AdaptersState } from './chat/adapters.svelte';
import { ChatState } from './chat/chat.svelte';
import { speakerOf, type Speaker } from './chat/conversation';
import { OnnxState } from './chat/onnx.svelte';
import { isOnnxExport } from './chat/onnx_files';
import { EngineState } from './engine.svelte';
import { MoreState } from './examples/more/more.svelte';
import { ExamplesState } from './examples/examples.svelte';
import { pickedExamples } from './examples/files/picked_examples';
import { withoutFile } from './examples/files/source_options';
import { HubDataState } from './examples/files/hub/hub_data.svelte';
import { CandidateState } from './model/candidate.svelte';
import { ModelChoice } from './model/choice.svelte';
import { sayError, t } from './language.svelte';
import { HubState } from './model/hub.svelte';
import { ModelState } from './model/model.svelte';
import { SearchState } from './model/search.svelte';
import { SavedModelsState } from './model/saved.svelte';
import { UpdateState } from './offline/update.svelte';
import { forgetPassed } from './passed';
import { Preparation } from './prepare.svelte';
import { CompareState } from './runs/compare.svelte';
import { RunFinder } from './runs/finder.svelte';
import { FormerAdapter } from './runs/former.svelte';
import { nameOf } from './runs/name';
import { Reopening } from './runs/reopening.svelte';
import { RunsState } from './runs/runs.svelte';
import type { PickedFiles, PickedFolder } from './shared/files';
import { ThemeState } from './shared/theme.svelte';
import { NewsState } from './shell/news.svelte';
import { RouteState } from './shell/route.svelte';
import { isAdapter } from './export/adapter_files';
import { ExportState } from './export/export.svelte';
import { NoiseState } from './export/noise.svelte';
import { PromptsState } from './train/prompts.svelte';
import { SettingsFile } from './settings/file.svelte';
import { SettingsState } from './train/settings.svelte';
import { TrainState } from './train/train.svelte';
import { CostState } from './train/cost.svelte';
import { ChartView } from './train/view.svelte';
import { isFree, isIdle, locks, workOf } from './work.svelte';

/** The state of the whole page, with actions that concern several steps. */
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
  readonly examples = new ExamplesState(this.engine, (name) => {
    const { values } = this.settings;
    if (values) this.settings.set('sources', withoutFile(values.sources, name));
  });
  readonly hubData = new HubDataState(this.engine, (file) => this.examples.add([file]));
  readonly more: MoreState = new MoreState(this.engine, this.examples, () => this.locked);
  readonly training = new TrainState(this.engine);
  readonly runs = new RunsState(this.engine);
  readonly finder = new RunFinder();
  readonly compare = new CompareState(this.runs);
  readonly former = new FormerAdapter();
  readonly onnx = new OnnxState(({ program }) => void this.update.keepForOffline(program));
  readonly chat = new ChatState(this.engine, () => this.speaker, this.onnx);
  readonly exports = new ExportState(this.engine, () => this.settings.values);
  readonly adapters = new AdaptersState(this.engine, this.exports, () => this.#rememberAdapter());
  readonly noise = new NoiseState(this.engine, this.exports, () =>
    this.examples.report ? this.settings.values : undefined,
  );
  readonly view = new ChartView();
  readonly cost = new CostState();
  readonly settingsFile = new SettingsFile(this.settings, this.chat.settings);
  readonly prompts = new PromptsState(this.settings, this.examples);
  readonly choice = new ModelChoice(this);
  readonly preparation = new Preparation(this);
  readonly reopening = new Reopening(this);
  /** Whether the next run begins with the open adapter instead of a new one. */
  startFromAdapter = $state(false);
  /** The adapter that the next run begins with; undefined for a new one. */
  readonly initialAdapter = $derived.by(() => (this.startFromAdapter ? this.exports.adapter : undefined));
  /** The start button was pressed, and model, examples or plan are still being prepared. */
  starting = $state(false);
  #started = $state(false);
  /** The dialog of all settings is open. */
  settingsOpen = $state(false);
  /** The engine's present work; undefined if it is idle. */
  readonly work = $derived.by(() => workOf(this));
  /** Model, examples and settings can't be changed while a run uses them, or is about to. */
  readonly locked = $derived(this.starting || locks(this.work));
  /** Whether the engine can open a run or export now. It interrupts only the page's own preparations. */
  readonly idle = $derived(!this.starting && isIdle(this.work));
  /** Whether the page should prepare model, examples and plan by itself. */
  readonly prepares = $derived(this.#started && this.engine.usable && isFree(this.work));
  readonly canStart = $derived(
    this.engine.usable &&
      this.settings.valid &&
      isFree(this.work) &&
      !this.starting &&
      !this.model.halted &&
      !this.model.stopped &&
      this.training.plan?.fits !== false &&
      !this.training.refused &&
      !this.examples.empty,
  );
  readonly canChat = $derived.by(
    () =>
      this.speaker !== undefined &&
      this.chat.settings.valid &&
      (this.work === undefined || this.work.kind === 'answering'),
  );

  /** The run that made the open adapter, even if it has been removed meanwhile; undefined for an imported one. */
  readonly adapterRun = $derived.by(() => {
    const origin = this.exports.adapter?.origin;
    return this.runs.get(origin) ?? this.runs.removed(origin);
  });

  /** Where the open adapter comes from, for a person. */
  readonly adapterName = $derived.by(() =>
    this.adapterRun ? nameOf(this.adapterRun) : (this.exports.adapter?.origin ?? ''),
  );

  /** Whether the run of the open adapter has been removed, so that only this page still has the adapter. */
  readonly adapterUnsaved = $derived.by(() => this.runs.removed(this.exports.adapter?.origin) !== undefined);

  /** The model, the adapter and the ONNX folder that answer in the chat. */
  readonly speaker: Speaker | undefined = $derived.by(() =>
    speakerOf(this.model.report, this.exports.adapter, this.adapterRun, this.onnx.speaker),
  );

  /** The run that the step “Train” shows; undefined if it has not been recorded. */
  get shownRun(): ListedRun | undefined {
    return this.runs.get(this.training.run);
  }

  /** Asks the engine for its state, and restores the stored state of the page. */
  async begin(): Promise<void> {
    try {
      await Promise.all([this.engine.detect(), this.examples.restore(), this.chat.restore()]);
      await Promise.all([this.settings.load(this.engine.remote), this.hub.tell()]);
      await Promise.all([this.runs.refresh(), this.saved.refresh()]);
      // A person who has just chosen a hub wants a model of it.
      if (this.hub.justChosen) this.model.way = 'hub';
      else if (!this.reopening.formerRun) this.choice.offerFormer();
    } catch (error) {
      this.engine.failure = describeError(error);
    }
    const reopened = this.reopening.openFormer();
    this.#started = true;
    await reopened;
    if (this.hub.justChosen) this.model.way = 'hub';
  }

  /**
   * Loads a dropped file of settings, of this program or of another, and shows the result in the list of all settings; a
   * file that comes while a run uses the settings is refused there. Returns false if the files are something else.
   */
  async takeSettings({ files }: PickedFiles): Promise<boolean> {
    const [file, ...more] = files;
    if (!file || more.length > 0 || !/(?:^adapter_config\.json|\.ya?ml)$/i.test(file.name)) return false;
    this.settingsOpen = true;
    if (this.locked) this.settingsFile.refuse(file);
    else await this.settingsFile.load(file);
    return true;
  }

  /** Takes files that no step asks for: settings, or an ONNX export, which the chat opens. Returns false for others. */
  async takeElsewhere(picked: PickedFolder): Promise<boolean> {
    if (!(await isOnnxExport(picked))) return await this.takeSettings(picked);
    if (this.chat.speaking !== undefined) {
      this.route.go('chat');
      this.onnx.refuse();
    } else {
      this.askForExport();
      await this.onnx.open(picked);
    }
    return true;
  }

  /** Handles files dropped outside of the drop zones, if their kind is clear. */
  async takeDrop(dropped: Promise<PickedFolder | undefined>): Promise<void> {
    const picked = await dropped.catch(() => undefined);
    if (!picked) return;
    if ((await this.takeElsewhere(picked)) || this.locked || this.model.busyLong) return;
    const some = (names: RegExp) => picked.files.some(({ name }) => names.test(name));
    if (await isAdapter(picked)) {
      this.route.go('export');
      // Without a model, the stage says that one is needed first.
      if (this.model.report) await this.exports.import(picked);
    } else if (some(/^adapter_config\.json$/)) {
      // Something is missing, and the rest is no examples.
      return;
    } else if (some(/\.(safetensors|gguf)$/i) || some(/^config\.json$/i)) {
      this.choice.chooseFiles(picked);
      this.route.go('model');
    } else if (picked.all.some(({ file }) => isDataFile(file.name))) {
      this.route.go('examples');
      await this.examples.add(pickedExamples(picked));
    }
  }

  /** Shows the chat, and asks for the folder of an export. */
  askForExport(): void {
    this.route.go('chat');
    this.onnx.asking = true;
  }

  /** Opens the exported zip in the chat. */
  async chatWithExport(): Promise<void> {
    const { file } = this.exports;
    if (!file || this.chat.speaking !== undefined) return;
    this.askForExport();
    await this.onnx.open({ name: file.name, files: [file], all: [{ path: file.name, file }] });
  }

  async removeSaved(saved: SavedModelReport): Promise<void> {
    this.candidate.forget();
    await this.saved.remove(saved);
    await this.runs.refresh();
    forgetPassed('full', this);
  }

  /** Removes runs, and models that only they need. */
  async removeRuns(...ids: readonly string[]): Promise<void> {
    await this.runs.remove(...ids);
    if (this.former.run !== undefined && !this.runs.get(this.former.run)) this.former.forget();
    await this.saved.refresh();
    forgetPassed('full', this);
  }

  /** Sets the access token for the hub. */
  async useToken(token: string): Promise<void> {
    await this.hub.setToken(token);
    forgetPassed('token', this);
  }

  /** Call it when the network is back. */
  online(): void {
    forgetPassed('network', this);
  }

  /** Opens the model, reads the examples, and trains. */
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
    this.examples.changed = false;
    await this.training.start(settings, this.initialAdapter ? 'adapter' : 'new');
    await this.#afterRun();
  }

  /** Continues an interrupted run, with its model and examples. */
  async continueRun(run: Pick<ListedRun, 'id'>): Promise<void> {
    if (!this.idle) return;
    this.news.seen();
    if (await this.reopening.continue(run.id)) await this.#afterRun();
    else await this.#refresh();
  }

  /** Opens a past run: its adapter for chat and export, its model, its examples and its settings. */
  async openRun(run: Pick<ListedRun, 'id'>): Promise<void> {
    if (this.idle) await this.reopening.open(run.id);
  }

  async #afterRun(): Promise<void> {
    const { phase, error, record } = this.training;
    // At once: a reload may come before the lists are read.
    if (phase === 'finished' && record) this.former.remember(record.id);
    if (phase === 'finished') void this.news.tell('done', t.shell.finishedTitle, t.shell.finishedBody);
    if (phase === 'failed' && error)
      void this.news.tell('failed', t.shell.failedTitle, sayError(error).message);
    await this.#refresh();
    const run = this.runs.get(this.exports.adapter?.origin);
    if (run) this.former.remember(run.id);
  }

  /** The next page opens the run again whose adapter is used. */
  #rememberAdapter(): void {
    const run = this.runs.get(this.exports.adapter?.origin);
    if (run) this.former.remember(run.id);
    else this.former.forget();
  }

  async #refresh(): Promise<void> {
    await Promise.all([this.runs.refresh(), this.exports.refresh(), this.saved.refresh()]);
  }
}

export const [useApp, provideApp] = createContext<App>();
