import { TunesmithError } from '../core/errors';
import type { MixSettings } from '../core/settings/mixing';
import type { DataSettings, TrainSettings } from '../core/settings/settings';
import type { Originals } from '../exports/merged/originals';
import type { CheckpointState } from '../formats/checkpoint';
import type { ThreadSource } from '../exports/encoding/thread';
import type { Device } from '../gpu/device';
import { adapterOf, type Adapter } from '../models/adapter';
import type { ModelFolder } from '../models/files';
import type { ModelLayout } from '../models/layout';
import type { Model } from '../models/model';
import { allLogits } from '../models/logits';
import { adapterLayout, type AdapterLayout } from '../models/adapters/layout';
import { plainAdapter } from '../models/adapters/start';
import type { TrainControl } from '../train/control';
import type { Evaluation } from '../train/evaluate';
import type { TrainEvent } from '../train/events';
import type { RateSweep } from '../train/find_rate';
import { checkEvaluated } from '../train/stopping';
import { readAnyAdapter } from '../models/gguf_adapter';
import { adapterTemplateNotes, readAdapterTemplate } from './models/adapter_template';
import { otherBaseNotes, readBaseName } from './models/base_name';
import { BaseNames } from './models/base_names';
import { Answering } from './chat/answering';
import { chatContext } from './chat/conversation';
import { cardRun, makeDataset, type DataFile, type Dataset, type DatasetOptions } from './data/dataset';
import type { AdapterTemplate, OpenModel } from './models/open';
import { OpenedModel } from './models/opened';
import type { LoadableModel } from './models/loadable';
import {
  planReport,
  reachedRate,
  trainingSeconds,
  type DeviceSpeed,
  type PlanReport,
} from './plans/plan_report';
import { sizeAdvice, sizeOf } from './plans/size_advice';
import type { OnProgress } from './progress';
import { SessionDevice, type SessionHost } from './session_device';
import { mostChatRows, trainedTemplate, type LoadedModel, type TunedAdapter } from './models/loaded';
import { mixTuned, type MixPart, type ReadTuned } from './models/mixed';
import { readPrompts, samplePromptsOf } from './chat/sample_answers';
import { evaluateExamples } from './runs/evaluation';
import { findRate } from './runs/rate_finder';
import { runTraining, type TrainCall, type TrainingOutcome } from './runs/training';

/**
 * The façade of the engine: open a model, prepare data, train, chat, export the adapter. The page's worker and the
 * command line use it. Calls that use the device must not overlap.
 */
export class Session {
  readonly answering: Answering;
  /** Threads for encoding exported weights. */
  readonly encodingThreads: ThreadSource | undefined;
  /** Opens a file for records of examples that memory should not hold. */
  readonly scratch: SessionHost['scratch'];
  readonly #device: SessionDevice;
  #model: OpenedModel | undefined;
  #dataset: Dataset | undefined;
  #tuned: TunedAdapter | undefined;
  readonly #baseNames: BaseNames;
  /** Measured with the open model; undefined until then. */
  #speed: DeviceSpeed | undefined;

  constructor(host: SessionHost) {
    this.#device = new SessionDevice(host);
    this.encodingThreads = host.encodingThreads;
    this.#baseNames = host.baseNames ?? new BaseNames();
    this.scratch = host.scratch;
    this.answering = new Answering({
      device: this.#device,
      opened: () => this.#opened(),
      tuned: () => this.requireTuned(),
    });
  }

  /** A working device; opens one if necessary. Calls during the opening wait for the same device. */
  async device(): Promise<Device> {
    return await this.#device.device();
  }

  get model(): OpenModel {
    return this.#opened().loadable.open;
  }

  get loadable(): LoadableModel {
    return this.#opened().loadable;
  }

  get layout(): ModelLayout {
    return this.#opened().layout;
  }

  /** Where the person says that the open base comes from; undefined for a base whose origin is known. */
  async saidBase(): Promise<string | undefined> {
    const { hash, identity } = this.model;
    return identity.source === 'files' ? await this.#baseNames.get(hash) : undefined;
  }

  /**
   * Remembers where a base from local files comes from: a repository, its address, or a path. An empty text forgets it.
   * Throws `model_reference`.
   */
  async sayBase(typed: string): Promise<void> {
    await this.#baseNames.put(this.model.hash, readBaseName(typed));
  }

  /** The names of the base's quantised matrices. */
  get quantised(): readonly string[] {
    return this.#opened().quantised;
  }

  /** The base's weights before they were quantised; undefined if it isn't known where they are. */
  get originals(): Originals | undefined {
    return this.#opened().originals;
  }

  /**
   * Takes the files of the open model in full precision, for exports onto the original weights. Throws as
   * `OpenedModel.giveOriginals`.
   */
  async giveOriginals(folder: ModelFolder): Promise<void> {
    await this.#opened().giveOriginals(folder);
  }

  /** Takes another source of the open model in full precision. */
  setOriginals(originals: Originals): void {
    this.#opened().setOriginals(originals);
  }

  get hasModel(): boolean {
    return this.#model !== undefined;
  }

  get hasDataset(): boolean {
    return this.#dataset !== undefined;
  }

  get dataset(): Dataset {
    if (this.#dataset) return this.#dataset;
    throw new TunesmithError({ code: 'examples_missing' });
  }

  /** The adapter that answers as "tuned" and that is exported. */
  get tuned(): TunedAdapter | undefined {
    return this.#tuned;
  }

  /** The template with which the tuned adapter was trained; the model's own if nothing tells it. */
  get template(): AdapterTemplate {
    return (this.#tuned && trainedTemplate(this.#tuned)) ?? 'model';
  }

  /** Throws `no_adapter`. */
  requireTuned(): TunedAdapter {
    if (this.#tuned) return this.#tuned;
    throw new TunesmithError({ code: 'no_adapter' });
  }

  /**
   * The adapter of a checkpoint of a run with these settings, converted to a plain one. Throws `checkpoint_differs`.
   */
  adapterOf(settings: TrainSettings, checkpoint: CheckpointState): TunedAdapter {
    const { spec } = this.layout;
    const layout = adapterLayout(spec, settings);
    this.#checkStart(checkpoint, layout, settings);
    return plainAdapter(spec, layout, adapterOf(checkpoint.tensors, layout));
  }

  setTuned(tuned: TunedAdapter | undefined): void {
    this.#tuned = tuned;
    if (!tuned) this.#device.dropTuned();
  }

  /**
   * Closes the open model and loads another onto the device. A model that can't be loaded with these settings is
   * refused before that.
   */
  async open(
    loadable: LoadableModel,
    onProgress: OnProgress = () => undefined,
    signal?: AbortSignal,
  ): Promise<void> {
    const device = await this.device();
    signal?.throwIfAborted();
    const layout = loadable.layout(device.limits.maxStorageBufferBindingSize);
    this.closeModel();
    this.#speed = undefined;
    this.#model = new OpenedModel(loadable, layout);
    try {
      await this.#device.load(loadable, onProgress, signal);
    } catch (error) {
      this.closeModel();
      throw error;
    }
  }

  /** Replaces the source from which the open model is loaded again, for instance by storage. */
  replaceLoadable(loadable: LoadableModel): void {
    this.#opened().reloadFrom(loadable);
  }

  /** Runs work with the base on the device. */
  async withBase<T>(work: (model: Model) => Promise<T>): Promise<T> {
    this.#device.dropBeside();
    return await work((await this.#alive()).model);
  }

  /** Runs work with the base and the tuned adapter on the device. Throws `no_adapter`. */
  async withTuned<T>(work: (model: Model, adapter: Adapter) => Promise<T>): Promise<T> {
    const tuned = this.requireTuned();
    return await this.#withAdapter(async ({ model }, adapter) => {
      if (!adapter) throw new Error('the adapter is not on the device');
      return await work(model, adapter);
    }, tuned);
  }

  /** Identifies the base by its arithmetic: its files and its load settings. */
  get modelHash(): string {
    return this.#opened().hash;
  }

  /** Frees the open model's memory on the device. The next use loads it again. */
  unload(): void {
    this.#device.unload();
  }

  closeModel(): void {
    this.unload();
    this.#model = undefined;
    this.#setDataset(undefined);
    this.#tuned = undefined;
  }

  /** Reads and tokenises examples for the open model. */
  async setExamples(
    files: readonly DataFile[],
    settings: DataSettings,
    options?: DatasetOptions,
  ): Promise<Dataset> {
    const { model, scratch } = this;
    const former = this.#dataset;
    const dataset = await makeDataset(model, files, settings, { ...options, scratch, former });
    // Another model with other tokens may have been opened meanwhile.
    if (this.#model?.loadable.open === model) this.#setDataset(dataset);
    else await dataset.close();
    return dataset;
  }

  /** Measures the speed of this device with the open model, for `plan`. Does nothing if the speed is already known. */
  async measureSpeed(): Promise<void> {
    this.#speed ??= await this.answering.measureSpeed();
  }

  /**
   * Memory and time of a run, without allocating anything. Throws `weights_quantized` for an adapter kind that can't be
   * initialised on this base.
   */
  async plan(settings: TrainSettings): Promise<PlanReport> {
    this.#opened().weightsFor(adapterLayout(this.layout.spec, settings));
    checkEvaluated(settings, this.dataset.heldOut.length);
    const { limits } = await this.device();
    const prompts = this.#samplePrompts(settings);
    const report = planReport(this.layout, this.dataset, settings, limits, prompts, this.#speed);
    const size = sizeOf(this.dataset, settings, report.trainableParameters);
    return { ...report, sizeAdvice: sizeAdvice(size, settings) };
  }

  /** Trains on the examples; the result becomes the tuned adapter, if there was a step. */
  async train(call: TrainCall): Promise<TrainingOutcome> {
    const { settings, checkpoints, control, onEvent, start, initial } = call;
    const { loadable, layout: model } = this.#opened();
    const { dataset } = this;
    const layout = adapterLayout(model.spec, settings);
    checkEvaluated(settings, dataset.heldOut.length);
    if (start) this.#checkStart(start, layout, settings);
    const weights = start || initial ? undefined : this.#opened().weightsFor(layout);
    const { read: samplePrompts } = this.#samplePrompts(settings);
    // The time of the steps limits that of the answers.
    if (samplePrompts.length > 0) await this.measureSpeed();
    const outcome = await runTraining({
      loaded: () => this.#alive(),
      kernels: this.#device.kernels,
      chat: chatContext(loadable.open, settings.template),
      layout,
      initial,
      weights,
      dataset,
      samplePrompts,
      trainSeconds: this.#speed && trainingSeconds(model, dataset, settings, this.#speed),
      settings,
      hashes: { model: this.modelHash, data: dataset.hash },
      checkpoints,
      start,
      control,
      onEvent,
    });
    const rate = reachedRate(model, settings, outcome.history, start?.step ?? 0);
    if (this.#speed && rate !== undefined) this.#speed = { ...this.#speed, rate };
    const { history, adapterStep } = outcome;
    // A run that was stopped before its first step has not trained, so the former tuned adapter stays.
    if (outcome.step > 0) {
      this.setTuned({ ...outcome.adapter, run: cardRun(settings, dataset, history, adapterStep) });
    }
    return outcome;
  }

  /**
   * Sweeps the learning rate with a new adapter, which is dropped afterwards, so that nothing of the session changes. A stop
   * ends it early.
   */
  async findRate(
    settings: TrainSettings,
    control: TrainControl,
    onEvent: (event: TrainEvent) => void,
  ): Promise<RateSweep> {
    const layout = adapterLayout(this.layout.spec, settings);
    return await findRate({
      loaded: () => this.#alive(),
      kernels: this.#device.kernels,
      layout,
      weights: this.#opened().weightsFor(layout),
      dataset: this.dataset,
      settings,
      control,
      onEvent,
    });
  }

  /**
   * The loss over all examples or some of them, with the given adapter, or else the tuned one if there is one. Undefined if
   * no token is a target.
   */
  async evaluate(
    settings: TrainSettings,
    examples: Dataset['examples'] = this.dataset.examples,
    tuned?: TunedAdapter,
  ): Promise<Evaluation | undefined> {
    return await this.#withAdapter(
      ({ model }, adapter) => evaluateExamples(this.#device.kernels, model, adapter, { settings, examples }),
      tuned,
    );
  }

  /** Logits, f32 [tokens, vocabulary], with the given adapter, or else the tuned one if there is one. */
  async logits(
    ids: readonly number[],
    { tuned, signal }: { readonly tuned?: TunedAdapter; readonly signal?: AbortSignal | undefined } = {},
  ): Promise<Float32Array<ArrayBuffer>> {
    return await this.#withAdapter(({ model }, adapter) => allLogits(model, adapter, ids, signal), tuned);
  }

  /** Makes an adapter in a folder the tuned adapter. Returns what `readAdapter` does. */
  async importAdapter(folder: ModelFolder): Promise<ReadTuned> {
    const read = await this.readAdapter(folder);
    this.setTuned(read.tuned);
    return read;
  }

  /** The adapter in a folder, or in a zip of one, with the chat template beside it. */
  async readAdapter(folder: ModelFolder): Promise<ReadTuned> {
    const { layout, parameters, frozen, baseModel } = await readAnyAdapter(folder, this.layout.spec);
    const template = await readAdapterTemplate(folder, this.model);
    const tuned = { layout, parameters, frozen, ...(template && { template }) };
    const notes = otherBaseNotes(baseModel, this.model.identity, await this.saidBase());
    return { tuned, notes: [...notes, ...adapterTemplateNotes(template)] };
  }

  /** Mixes adapters of the open model as `mixAdapters`, which see for the errors. The tuned adapter stays. */
  mix(parts: readonly MixPart[], settings: MixSettings): ReadTuned {
    return mixTuned(this.layout.spec, parts, settings);
  }

  close(): void {
    this.closeModel();
    this.#device.close();
  }

  /** The sample prompts of a run with these settings, tokenised for the open model. */
  #samplePrompts(settings: TrainSettings): ReturnType<typeof readPrompts> {
    const prompts = samplePromptsOf(settings, this.dataset);
    if (prompts.length === 0) return { read: [], unanswerable: [] };
    return readPrompts(chatContext(this.model, settings.template), prompts, mostChatRows(this.layout));
  }

  #setDataset(dataset: Dataset | undefined): void {
    // Without its scratch file, the former data set can't be used; a failure to close it harms nothing.
    void this.#dataset?.close().catch(() => undefined);
    this.#dataset = dataset;
  }

  #opened(): OpenedModel {
    if (this.#model) return this.#model;
    throw new TunesmithError({ code: 'no_model' });
  }

  #checkStart(checkpoint: CheckpointState, layout: AdapterLayout, { objective }: TrainSettings): void {
    this.#opened().checkStart(checkpoint, { data: this.dataset.hash, layout, objective });
  }

  /** The model on a working device; loads it again if the device was lost. */
  async #alive(): Promise<LoadedModel> {
    return await this.#device.alive(this.#opened().loadable);
  }

  async #withAdapter<T>(
    work: (loaded: LoadedModel, adapter: Adapter | undefined) => Promise<T>,
    tuned = this.#tuned,
  ): Promise<T> {
    this.#device.dropBeside();
    return await this.#device.withAdapter(this.#opened().loadable, tuned, work);
  }
}
