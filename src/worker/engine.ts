import {
  type AnswerSettings,
  type LoadSettings,
  parseSettings,
  type TrainSettings,
} from '../core/settings/settings';
import { Device } from '../gpu/device';
import { defaultsFor } from '../session/defaults';
import type { PlanReport } from '../session/plan_report';
import { ModelLibrary } from '../session/library';
import type { Progress } from '../session/progress';
import { Session } from '../session/session';
import { KernelChoiceStore } from '../storage/kernel_choices';
import { databaseRecords } from '../storage/records';
import type { RunRecord } from '../storage/runs';
import type { TrainEvent } from '../train/events';
import { Adapters } from './adapters';
import { Chats } from './chats';
import { Examples } from './examples';
import { Lookups } from './lookups';
import { Models } from './models';
import { StoredModels } from './stored_models';
import type {
  AdapterReport,
  ChatMessage,
  ChatResult,
  DataReport,
  DeviceReport,
  Engine,
  ExampleFile,
  ExportResult,
  HubModelReport,
  HubSettings,
  ListedRun,
  ModelPreview,
  ModelReport,
  ModelSource,
  PageServices,
  PreviewExample,
  StorageReport,
  StoredModelReport,
} from './protocol';
import { deviceReport, noDeviceReport } from './reports';
import { Runs } from './runs';
import { dataFiles, demoExamples } from './sources';
import { Trainings } from './trainings';
import { Turns } from './turns';

/** The session behind the page's protocol, with the browser's storage. Each concern has a class of its own. */
export class PageEngine implements Engine {
  readonly #base: string;
  #page: PageServices | undefined;
  readonly #session: Session;
  readonly #turns = new Turns();
  readonly #runs: Runs;
  readonly #models: Models;
  readonly #storedModels: StoredModels;
  readonly #library: ModelLibrary;
  readonly #lookups: Lookups;
  readonly #examples: Examples;
  readonly #adapters: Adapters;
  readonly #trainings: Trainings;
  readonly #chats: Chats;

  /** @param base the page's address up to where its `models` and `examples` lie, with a slash at the end */
  constructor(base: string) {
    const gpu = (navigator as Partial<WorkerNavigator>).gpu;
    const tuning = { store: new KernelChoiceStore(databaseRecords('tunesmith-kernels', 'kernels')) };
    const session = new Session({ openDevice: () => Device.open(gpu), tuning });
    const { locks, storage } = navigator;
    const persist = (): Promise<boolean> => this.#page?.persist() ?? Promise.resolve(false);
    this.#runs = new Runs(persist);
    const library = new ModelLibrary(session, {
      store: () => this.#runs.files(),
      locks,
      persist,
    });
    const common = { base, session, library, turns: this.#turns, runs: this.#runs };
    this.#base = base;
    this.#session = session;
    this.#library = library;
    this.#storedModels = new StoredModels({ library, runs: this.#runs, storage, locks });
    this.#examples = new Examples(session);
    this.#adapters = new Adapters(session, this.#turns);
    this.#models = new Models(common);
    this.#trainings = new Trainings({
      ...common,
      models: this.#models,
      examples: this.#examples,
      adapters: this.#adapters,
    });
    this.#lookups = new Lookups(session, library, this.#models);
    this.#chats = new Chats(session, this.#turns, this.#adapters);
  }

  async device(): Promise<DeviceReport> {
    try {
      return deviceReport(await this.#session.device());
    } catch (error) {
      return noDeviceReport(error);
    }
  }

  defaults(): Promise<TrainSettings> {
    return Promise.resolve(defaultsFor(this.#session.hasModel ? this.#session.layout.spec : undefined));
  }

  model(): Promise<ModelReport | undefined> {
    return Promise.resolve(this.#models.report());
  }

  examples(): Promise<DataReport | undefined> {
    return Promise.resolve(this.#examples.report());
  }

  connect(page: PageServices): Promise<void> {
    this.#page = page;
    return Promise.resolve();
  }

  setHub(settings: HubSettings): Promise<void> {
    this.#library.setHub(settings);
    return Promise.resolve();
  }

  async searchModels(
    query: string,
    load: LoadSettings,
    settings: TrainSettings,
  ): Promise<readonly HubModelReport[]> {
    return await this.#lookups.search(query, load, settings);
  }

  async previewModel(
    source: ModelSource,
    load: LoadSettings,
    settings: TrainSettings,
  ): Promise<ModelPreview> {
    return await this.#lookups.preview(source, load, settings);
  }

  async openModel(
    source: ModelSource,
    load: LoadSettings,
    onProgress: (progress: Progress) => void,
  ): Promise<ModelReport> {
    return await this.#models.open(source, load, onProgress);
  }

  stopOpening(): Promise<void> {
    this.#models.stopOpening();
    return Promise.resolve();
  }

  async storedModels(): Promise<readonly StoredModelReport[]> {
    return await this.#storedModels.list();
  }

  async removeStoredModel(id: string): Promise<void> {
    await this.#storedModels.remove(id);
  }

  async storageReport(): Promise<StorageReport> {
    return await this.#storedModels.report();
  }

  async demoExamples(): Promise<ExampleFile> {
    return await demoExamples(this.#base);
  }

  async setExamples(
    files: readonly ExampleFile[],
    settings: TrainSettings,
    onProgress?: (progress: Progress) => void,
  ): Promise<DataReport> {
    return await this.#examples.set(dataFiles(files), settings, onProgress);
  }

  stopExamples(): Promise<void> {
    this.#examples.stop();
    return Promise.resolve();
  }

  preview(first: number, count: number): Promise<readonly PreviewExample[]> {
    return Promise.resolve(this.#examples.preview(first, count));
  }

  async plan(settings: TrainSettings): Promise<PlanReport> {
    const wanted = parseSettings(settings);
    await this.#turns.measure(() => this.#session.measureSpeed());
    return await this.#session.plan(wanted);
  }

  async train(
    settings: TrainSettings,
    onEvent: (event: TrainEvent) => void,
    startFrom: 'new' | 'adapter' = 'new',
  ): Promise<RunRecord> {
    return await this.#trainings.start(settings, onEvent, startFrom);
  }

  pause(): Promise<void> {
    this.#trainings.pause();
    return Promise.resolve();
  }

  resume(): Promise<void> {
    this.#trainings.resume();
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#trainings.stop();
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
    return await this.#trainings.continue(id, onEvent, onProgress);
  }

  async openRun(id: string, onProgress: (progress: Progress) => void): Promise<AdapterReport> {
    return await this.#trainings.open(id, onProgress);
  }

  async removeRun(id: string): Promise<void> {
    await this.#runs.remove(id);
  }

  adapter(): Promise<AdapterReport | undefined> {
    return Promise.resolve(this.#adapters.report());
  }

  async importAdapter(name: string, files: readonly File[]): Promise<AdapterReport> {
    return await this.#adapters.import(name, files);
  }

  async exportAdapter(): Promise<ExportResult> {
    return await this.#adapters.export();
  }

  async chat(
    which: 'base' | 'tuned',
    messages: readonly ChatMessage[],
    settings: AnswerSettings,
    onText: (delta: string) => void,
  ): Promise<ChatResult> {
    return await this.#chats.answer(which, messages, settings, onText);
  }

  stopChat(): Promise<void> {
    this.#chats.stop();
    return Promise.resolve();
  }
}
