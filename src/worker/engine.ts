import { TunesmithError } from '../core/errors';
import { Device } from '../gpu/device';
import type { LoadSettings } from '../models/layout';
import { adapterFiles, moduleNames } from '../session/adapter_files';
import { targetCount, tokenCount, type DataFile } from '../session/dataset';
import { checkedZip } from '../session/export';
import { modelCard, type CardSource } from '../session/model_card';
import type { PlanReport } from '../session/plan_report';
import { Session, type Progress, type TrainCall } from '../session/session';
import type { AnswerSettings } from '../chat/answer';
import { parseAnswerSettings } from '../chat/settings';
import { listModels, openModel as openStoredModel, putModel } from '../storage/models';
import type { RunRecord, StoredRun } from '../storage/runs';
import { TrainControl } from '../train/control';
import type { TrainEvent } from '../train/events';
import { parseSettings } from '../train/parse_settings';
import type { TrainSettings } from '../train/settings';
import { defaultsFor } from '../session/defaults';
import type {
  AdapterReport,
  ChatMessage,
  ChatResult,
  DataReport,
  DeviceReport,
  Engine,
  ExportResult,
  ListedRun,
  HubModelReport,
  ModelPreview,
  ModelReport,
  ModelSource,
  PreviewExample,
  StorageReport,
  StoredModelReport,
} from './protocol';
import {
  adapterReport,
  dataReport,
  deviceReport,
  modelReport,
  noDeviceReport,
  storageReport,
} from './reports';
import { Runs } from './runs';
import { DEMO_NAME, demoExamples, demoFolder, folderOfBlobs, namedBlobs } from './sources';

/** Where the tuned adapter came from, for the model card. */
interface Origin {
  readonly name: string;
  readonly run?: CardSource['run'];
}

/** The session behind the page's protocol, with the browser's storage. */
export class PageEngine implements Engine {
  readonly #base: string;
  readonly #session: Session;
  readonly #runs = new Runs();
  /** The files of the open model, where they are the visitor's own. */
  #files: readonly File[] | undefined;
  #storedModel: string | undefined;
  #origin: Origin | undefined;
  #busy: string | undefined;
  /** The speed is being measured, for the plan. */
  #measuring: Promise<void> | undefined;
  #control: TrainControl | undefined;
  #chat: AbortController | undefined;
  #openingModel: AbortController | undefined;

  /** @param base the page's address up to where its `models` and `examples` lie, with a slash at the end */
  constructor(base: string) {
    this.#base = base;
    const gpu = (navigator as Partial<WorkerNavigator>).gpu;
    this.#session = new Session({ openDevice: () => Device.open(gpu) });
  }

  async device(): Promise<DeviceReport> {
    try {
      return deviceReport(await this.#session.device());
    } catch (error) {
      return noDeviceReport(error);
    }
  }

  defaults(): Promise<TrainSettings> {
    return Promise.resolve(defaultsFor(this.#open ? this.#session.layout.spec : undefined));
  }

  model(): Promise<ModelReport | undefined> {
    return Promise.resolve(this.#open ? modelReport(this.#session) : undefined);
  }

  examples(): Promise<DataReport | undefined> {
    return Promise.resolve(this.#session.hasDataset ? dataReport(this.#session.dataset) : undefined);
  }

  async openModel(
    source: ModelSource,
    load: LoadSettings,
    onProgress: (progress: Progress) => void,
  ): Promise<ModelReport> {
    return await this.#exclusively('opening a model', async () => {
      if (source.kind === 'hub' || source.kind === 'stored') throw hubMissing();
      this.#origin = undefined;
      this.#storedModel = undefined;
      this.#files = source.kind === 'files' ? source.files : undefined;
      const folder =
        source.kind === 'demo' ? await demoFolder(this.#base) : folderOfBlobs(namedBlobs(source.files));
      const name = source.kind === 'demo' ? DEMO_NAME : source.name;
      const opening = new AbortController();
      this.#openingModel = opening;
      try {
        await this.#session.openModel(
          folder,
          { name, source: source.kind },
          load,
          onProgress,
          opening.signal,
        );
      } finally {
        this.#openingModel = undefined;
      }
      return modelReport(this.#session);
    });
  }

  setHub(): Promise<void> {
    return Promise.reject(hubMissing());
  }

  searchModels(): Promise<readonly HubModelReport[]> {
    return Promise.reject(hubMissing());
  }

  previewModel(): Promise<ModelPreview> {
    return Promise.reject(hubMissing());
  }

  stopOpening(): Promise<void> {
    this.#openingModel?.abort();
    return Promise.resolve();
  }

  async storedModels(): Promise<readonly StoredModelReport[]> {
    const [models, runs] = await Promise.all([this.#runs.files().then(listModels), this.#runs.list()]);
    return models.map(({ id, name, bytes }) => {
      const users = runs.filter((run) => 'modelId' in run && run.modelId === id);
      const usedAt = users[0]?.updatedAt ?? '';
      return { id, name, source: 'files' as const, bytes, usedAt, usedByRuns: users.length, partial: false };
    });
  }

  removeStoredModel(): Promise<void> {
    return Promise.reject(hubMissing());
  }

  async storageReport(): Promise<StorageReport> {
    return await storageReport(navigator.storage);
  }

  async demoExamples(): Promise<DataFile> {
    return await demoExamples(this.#base);
  }

  async setExamples(files: readonly DataFile[], settings: TrainSettings): Promise<DataReport> {
    return dataReport(await this.#session.setExamples(files, parseSettings(settings)));
  }

  preview(first: number, count: number): Promise<readonly PreviewExample[]> {
    const examples = this.#session.preview(first, count);
    return Promise.resolve(examples.map((tokens, i) => ({ index: first + i, tokens })));
  }

  async plan(settings: TrainSettings): Promise<PlanReport> {
    const wanted = parseSettings(settings);
    // Only while the device is idle; whoever needs it next waits for the end of it. What fails here fails again, in
    // words, where it matters.
    if (this.#busy === undefined)
      await (this.#measuring ??= this.#session.measureSpeed().catch(() => undefined));
    return await this.#session.plan(wanted);
  }

  async train(
    given: TrainSettings,
    onEvent: (event: TrainEvent) => void,
    startFrom: 'new' | 'adapter' = 'new',
  ): Promise<RunRecord> {
    return await this.#training(async (control) => {
      const initial = startFrom === 'adapter' ? this.#session.tuned : undefined;
      // What is trained is what is open, so that the run can be opened again as it was.
      const settings = parseSettings({
        ...given,
        ...initial?.layout.settings,
        ...this.#session.layout.quantization,
        lora_dropout: given.lora_dropout,
      });
      const { dataset } = await this.#freshDataset(settings);
      onEvent({ event: 'state', state: 'preparing' });
      const { name: modelName, source: modelSource } = this.#session.model.identity;
      const { steps } = await this.#session.plan(settings);
      const { files } = dataset;
      const startedFrom = initial && ('adapter' as const);
      const run = await this.#runs.create(
        { modelName, modelSource, startedFrom, settings, steps, data: files },
        () => this.#keepModel(modelName, onEvent),
      );
      return await this.#runs.alone(run.id, () => this.#trainRun(run, { control, onEvent, initial }));
    });
  }

  pause(): Promise<void> {
    this.#control?.pause();
    return Promise.resolve();
  }

  resume(): Promise<void> {
    this.#control?.resume();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#control?.stop();
    return Promise.resolve();
  }

  async runs(): Promise<readonly ListedRun[]> {
    return await this.#runs.list();
  }

  async continueRun(
    id: string,
    onEvent: (event: TrainEvent) => void,
    onProgress: (progress: Progress) => void,
  ): Promise<RunRecord> {
    return await this.#training((control) =>
      this.#runs.alone(id, async () => {
        const run = await this.#runs.get(id);
        const start = await this.#runs.checkpoint(id);
        if (!start && run.startedFrom === 'adapter') throw withoutCheckpoint();
        await this.#reopen(run, onProgress);
        return await this.#trainRun(run, { control, onEvent, start });
      }),
    );
  }

  async openRun(id: string, onProgress: (progress: Progress) => void): Promise<AdapterReport> {
    return await this.#exclusively('opening a run', () =>
      this.#runs.alone(id, async () => {
        const run = await this.#runs.get(id);
        const checkpoint = await this.#runs.checkpoint(id);
        if (!checkpoint) throw withoutCheckpoint();
        await this.#reopen(run, onProgress);
        const tuned = this.#session.adapterOf(run.settings, checkpoint);
        this.#session.setTuned(tuned);
        this.#origin = this.#originOf(run);
        return adapterReport(id, tuned);
      }),
    );
  }

  async removeRun(id: string): Promise<void> {
    await this.#runs.remove(id);
  }

  adapter(): Promise<AdapterReport | undefined> {
    const { tuned } = this.#session;
    return Promise.resolve(tuned && adapterReport(this.#origin?.name ?? '', tuned));
  }

  async importAdapter(name: string, files: readonly File[]): Promise<AdapterReport> {
    return await this.#exclusively('importing an adapter', async () => {
      const tuned = await this.#session.importAdapter(folderOfBlobs(namedBlobs(files)));
      this.#origin = { name };
      return adapterReport(name, tuned);
    });
  }

  async exportAdapter(): Promise<ExportResult> {
    return await this.#exclusively('exporting', async () => {
      const { layout, parameters } = this.#session.requireTuned();
      const { name: baseModel } = this.#session.model.identity;
      const { r, lora_alpha } = layout.settings;
      const adapter = { r, lora_alpha, target_modules: moduleNames(layout), parameters: layout.parameters };
      const card = modelCard({ baseModel, adapter, run: this.#origin?.run });
      const files = new Map([
        ...adapterFiles({ layout, parameters, baseModel }),
        ['README.md', new TextEncoder().encode(card)] as const,
      ]);
      const checked = await checkedZip({
        files,
        spec: this.#session.layout.spec,
        layout,
        parameters,
        compareLogits: (otherLayout, otherParameters) =>
          this.#session.compareLogits({ layout: otherLayout, parameters: otherParameters }),
      });
      return { fileName: `${baseModel}-lora.zip`, ...checked };
    });
  }

  async chat(
    which: 'base' | 'tuned',
    messages: readonly ChatMessage[],
    settings: AnswerSettings,
    onText: (delta: string) => void,
  ): Promise<ChatResult> {
    return await this.#exclusively('chatting', async () => {
      this.#chat = new AbortController();
      const { signal } = this.#chat;
      const template = this.#origin?.run?.settings.template ?? 'model';
      const sampling = parseAnswerSettings(settings);
      const options = { template, onText, signal };
      const { text, tokens, tokensPerSecond, stoppedBy } = await this.#session.chat(
        which,
        messages,
        sampling,
        options,
      );
      return { text, tokens, tokensPerSecond, stoppedBy };
    });
  }

  stopChat(): Promise<void> {
    this.#chat?.abort();
    return Promise.resolve();
  }

  get #open(): boolean {
    return this.#session.hasModel;
  }

  /** The device does one thing at a time; a second call is told so instead of spoiling the first. */
  async #exclusively<T>(what: string, work: () => Promise<T>): Promise<T> {
    if (this.#busy !== undefined) {
      throw new TunesmithError({
        code: 'engine_busy',
        message: `This can't be done while the engine is ${this.#busy}.`,
        hint: 'Wait for it to finish, or stop it.',
      });
    }
    this.#busy = what;
    try {
      await this.#measuring;
      this.#measuring = undefined;
      return await work();
    } finally {
      this.#busy = undefined;
    }
  }

  /** The examples as these settings make them: some settings change the template, the cut or the split. */
  async #freshDataset(settings: TrainSettings): Promise<Session> {
    await this.#session.setExamples(this.#session.dataset.files, settings);
    return this.#session;
  }

  /** Trains under a control that is there from the first moment on: a stop is heeded whenever it comes. */
  async #training(work: (control: TrainControl) => Promise<RunRecord>): Promise<RunRecord> {
    return await this.#exclusively('training', async () => {
      const control = new TrainControl();
      this.#control = control;
      try {
        return await work(control);
      } finally {
        this.#control = undefined;
      }
    });
  }

  /** Stores the open model's files, where they are the visitor's own and not stored yet. */
  async #keepModel(name: string, onEvent: (event: TrainEvent) => void): Promise<string | undefined> {
    if (!this.#files) return undefined;
    const store = await this.#runs.files();
    // It goes when its last run is removed.
    const kept = this.#storedModel && (await openStoredModel(store, this.#storedModel));
    if (kept) return this.#storedModel;
    this.#storedModel = await putModel(store, name, namedBlobs(this.#files), (fraction) => {
      const message = `Keeping a copy of the model, to go on after a reload: ${Math.round(fraction * 100)} %`;
      onEvent({ event: 'state', state: 'preparing', message });
    });
    return this.#storedModel;
  }

  async #reopen(run: StoredRun, onProgress: (progress: Progress) => void): Promise<void> {
    const { modelName: name, modelSource: source, modelId, settings } = run;
    const stored =
      modelId === undefined ? undefined : await openStoredModel(await this.#runs.files(), modelId);
    if (source === 'files' && !stored) {
      throw new TunesmithError({
        code: 'run_model_missing',
        message: `The files of ${name}, which this run was trained on, are no longer in storage.`,
        hint: 'The browser may have cleared them. Open the model again and start a new run.',
      });
    }
    const folder = stored ? folderOfBlobs(stored.files) : await demoFolder(this.#base);
    await this.#session.openModel(folder, { name, source }, settings, onProgress);
    this.#storedModel = modelId;
    this.#files = stored?.files.map(({ name: file, content }) => new File([content], file));
    await this.#session.setExamples(await (await this.#runs.store()).data(run.id), settings);
  }

  async #trainRun(
    { id, settings }: StoredRun,
    call: Pick<TrainCall, 'control' | 'onEvent' | 'start' | 'initial'>,
  ): Promise<RunRecord> {
    this.#origin = undefined;
    const record = await this.#runs.record(id, call.start, call.onEvent, (onEvent, checkpoints) =>
      this.#session.train({ ...call, settings, checkpoints, onEvent }),
    );
    this.#origin = this.#originOf(record);
    return record;
  }

  #originOf({ id, settings, history }: RunRecord): Origin {
    const { files, training, heldOut, examples } = this.#session.dataset;
    const data = {
      files: files.map(({ name }) => name),
      examples: training.length,
      heldOut: heldOut.length,
      tokens: tokenCount(examples),
      targetTokens: targetCount(examples),
    };
    return { name: id, run: { settings, data, history } };
  }
}

function hubMissing(): TunesmithError {
  return new TunesmithError({
    code: 'hub_missing',
    message: 'This engine can’t fetch models.',
    hint: 'Choose a folder from disk.',
  });
}

function withoutCheckpoint(): TunesmithError {
  return new TunesmithError({
    code: 'run_without_checkpoint',
    message: 'This run stopped before its first checkpoint, so there is no adapter of it.',
    hint: 'Start it again.',
  });
}
