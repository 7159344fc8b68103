import { TunesmithError } from '../core/errors';
import { isRecord } from '../core/json';
import { message, type Message as EngineMessage } from '../core/messages/message';
import type { AnswerSettings, DataSettings, TrainSettings } from '../core/settings/settings';
import { answer, type AnswerResult } from '../chat/answer';
import type { Message } from '../data/records';
import { previewTokens, type PreviewToken } from '../data/preview';
import type { CheckpointState } from '../formats/checkpoint';
import type { Device } from '../gpu/device';
import { adapterOf, holdsAdapter, type Adapter } from '../models/adapter';
import type { ModelFolder } from '../models/files';
import type { Generator } from '../models/generation';
import { PREFILL_ROWS } from '../models/generation_graph';
import type { ModelLayout } from '../models/layout';
import type { Model } from '../models/model';
import { allLogits } from '../models/logits';
import { adapterLayout, type AdapterLayout } from '../models/adapters/layout';
import { plainAdapter } from '../models/adapters/start';
import { blockParameters } from '../models/spec';
import type { StoredWeights } from '../models/stored/stored_weight';
import { hasUnquantized, requireUnquantized } from '../models/unquantized_rows';
import { compileEvaluation } from '../models/evaluation';
import { objectiveOf } from '../models/objectives';
import { planEvaluation } from '../models/training_graph';
import { evaluate, lossNotFinite, type Evaluation } from '../train/evaluate';
import type { TrainControl } from '../train/control';
import type { TrainEvent } from '../train/events';
import { capacityOf, planOf } from '../train/plan';
import { readAdapterFiles } from '../models/adapter_files';
import { otherBaseNotes } from './models/base_name';
import { lacksRoom } from './exports/comparison';
import { chatContext, conversationIds } from './chat/conversation';
import { cardRun, makeDataset, type DataFile, type Dataset, type DatasetOptions } from './data/dataset';
import type { OpenModel } from './models/open';
import type { PrepareOptions } from './kernels';
import { loadedHash } from './models/hash';
import type { LoadableModel } from './models/loadable';
import {
  planReport,
  reachedRate,
  trainingSeconds,
  type DeviceSpeed,
  type PlanReport,
} from './plans/plan_report';
import type { OnProgress } from './progress';
import { SessionDevice, type SessionHost } from './session_device';
import { mostChatRows, type LoadedModel, type TunedAdapter } from './models/loaded';
import { readPrompts, samplePromptsOf } from './chat/sample_answers';
import { hasRoomForTwo } from './chat/two_answers';
import type { CheckpointStore } from '../storage/checkpoints';
import { runTraining, type TrainingOutcome, type UseWeights } from './runs/training';

/** Time limit, in seconds, of tuning the kernels before an answer or an evaluation. */
const FIT_SECONDS = 3;

export interface TrainCall {
  readonly settings: TrainSettings;
  readonly checkpoints: CheckpointStore;
  readonly control: TrainControl;
  readonly onEvent: (event: TrainEvent) => void;
  /** A checkpoint of the same run to continue from. */
  readonly start?: CheckpointState;
  /** An adapter to begin with instead of a new one; the settings are its own, except for the dropout. */
  readonly initial?: TunedAdapter;
}

/**
 * The façade of the engine: open a model, prepare data, train, chat, export the adapter. The page's worker and the
 * command line use it. Calls that use the device must not overlap.
 */
export class Session {
  readonly #device: SessionDevice;
  #model:
    | {
        readonly loadable: LoadableModel;
        readonly layout: ModelLayout;
        /** How the model's files store the weights, as long as the files can be read. */
        readonly stored: StoredWeights | undefined;
      }
    | undefined;
  #dataset: Dataset | undefined;
  #tuned: TunedAdapter | undefined;
  /** Measured with the open model; undefined until then. */
  #speed: DeviceSpeed | undefined;

  constructor(host: SessionHost) {
    this.#device = new SessionDevice(host);
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
    this.#model = { loadable, layout, stored: loadable.stored };
    try {
      await this.#device.load(loadable, onProgress, signal);
    } catch (error) {
      this.closeModel();
      throw error;
    }
  }

  /** Replaces the source from which the open model is loaded again, for instance by storage. */
  replaceLoadable(loadable: LoadableModel): void {
    this.#model = { ...this.#opened(), loadable };
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
    const { open, load } = this.#opened().loadable;
    return loadedHash(open.hash, load);
  }

  closeModel(): void {
    this.#device.unload();
    this.#model = undefined;
    this.#dataset = undefined;
    this.#tuned = undefined;
  }

  /** Reads and tokenises examples for the open model. */
  async setExamples(
    files: readonly DataFile[],
    settings: DataSettings,
    options?: DatasetOptions,
  ): Promise<Dataset> {
    const { model } = this;
    const dataset = await makeDataset(model, files, settings, options);
    // Another model with other tokens may have been opened meanwhile.
    if (this.#model?.loadable.open === model) this.#dataset = dataset;
    return dataset;
  }

  preview(first: number, count: number): readonly (readonly PreviewToken[])[] {
    const { tokenizer } = this.model;
    return this.dataset.examples
      .slice(first, first + count)
      .map((example) => previewTokens(example, tokenizer));
  }

  /**
   * Measures the speed of this device with the open model, for `plan`: reads a few tokens and generates one, once to
   * compile and once timed. Does nothing if the speed is already known.
   */
  async measureSpeed(): Promise<void> {
    if (this.#speed) return;
    const generator = await this.#generator('base');
    const { queue } = await this.device();
    const tokens = Array.from({ length: Math.min(PREFILL_ROWS, generator.room - 1) }, (_, i) => i);
    const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
      const started = performance.now();
      await work();
      await queue.idle();
      return Math.max((performance.now() - started) / 1000, 1e-4);
    };
    const read = (): Promise<unknown> => generator.remember(tokens, 0);
    const say = (): Promise<unknown> => generator.likeliest([0], tokens.length);
    for (const warmUp of [read, say]) await warmUp();
    const rate = (2 * blockParameters(this.layout.spec) * tokens.length) / (await secondsOf(read));
    this.#speed = { rate, tokenSeconds: await secondsOf(say) };
  }

  /** Prepares answers with the base: tunes the kernels to the device, if necessary, and compiles them. */
  async prepareChat(onProgress?: OnProgress, signal?: AbortSignal): Promise<void> {
    await this.#generator('base', { onProgress, signal });
  }

  /**
   * Memory and time of a run, without allocating anything. Throws `weights_quantized` for an adapter kind that can't be
   * initialised on this base.
   */
  async plan(settings: TrainSettings): Promise<PlanReport> {
    this.#weightsFor(adapterLayout(this.layout.spec, settings));
    const { limits } = await this.device();
    return planReport(
      this.layout,
      this.dataset,
      settings,
      limits,
      this.#samplePrompts(settings),
      this.#speed,
    );
  }

  /** Trains on the examples; the result becomes the tuned adapter, if there was a step. */
  async train(call: TrainCall): Promise<TrainingOutcome> {
    const { settings, checkpoints, control, onEvent, start, initial } = call;
    const { loadable, layout: model } = this.#opened();
    const { dataset } = this;
    const layout = adapterLayout(model.spec, settings);
    if (start) this.#checkStart(start, layout, settings);
    const weights = start || initial ? undefined : this.#weightsFor(layout);
    const { read: samplePrompts } = this.#samplePrompts(settings);
    // The time of the steps limits that of the answers.
    if (samplePrompts.length > 0) await this.measureSpeed();
    const outcome = await runTraining({
      loaded: () => this.#alive(),
      kernels: this.#device.kernels,
      chat: chatContext(loadable.open, settings.template),
      layout,
      initial: initial?.parameters,
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
    // A run that was stopped before its first step has not trained, so the former tuned adapter stays.
    if (outcome.step > 0) {
      this.setTuned({ ...outcome.adapter, run: cardRun(settings, dataset, outcome.history) });
    }
    return outcome;
  }

  /**
   * The loss over all examples or some of them, with the tuned adapter if there is one. Undefined if no token is a
   * target.
   */
  async evaluate(
    settings: TrainSettings,
    examples: Dataset['examples'] = this.dataset.examples,
  ): Promise<Evaluation | undefined> {
    const plan = planOf(settings, examples.length);
    const capacity = capacityOf(plan, settings.per_device_train_batch_size, examples, []);
    const options = { capacity, settings };
    return await this.#withAdapter(async (loaded, adapter) => {
      const { model } = loaded;
      const { limits } = model.device;
      const { planned } = await this.#device.kernels.prepare(
        model,
        () => {
          const plan = planEvaluation(model.layout, adapter?.layout, { ...options, limits });
          return { plan, programs: [{ plan }] };
        },
        { seconds: FIT_SECONDS },
      );
      const program = await compileEvaluation(model, adapter, options, planned);
      try {
        const result = await evaluate(program, objectiveOf(settings), examples);
        if (result && !Number.isFinite(result.loss)) throw lossNotFinite(message('loss_not_finite_now'));
        return result;
      } finally {
        program.destroy();
      }
    });
  }

  /** Logits, f32 [tokens, vocabulary], with the given adapter, or else the tuned one if there is one. */
  async logits(ids: readonly number[], tuned?: TunedAdapter): Promise<Float32Array<ArrayBuffer>> {
    return await this.#withAdapter((loaded, adapter) => allLogits(loaded.model, adapter, ids), tuned);
  }

  /** The number of tokens of a conversation rendered with the template. Throws if the template refuses it. */
  countTokens(messages: readonly Message[], template: 'model' | 'alpaca'): number {
    return conversationIds(chatContext(this.model, template), messages).length;
  }

  /** Most tokens of a conversation, prompt and answer together. */
  get chatRoom(): number {
    return mostChatRows(this.layout);
  }

  /**
   * Prepares simultaneous answers of the base and the tuned adapter. Returns false if the device has no room for two
   * conversations of this many tokens. Throws `no_adapter`.
   */
  async prepareTwo(tokens: number): Promise<boolean> {
    const { layout } = this.requireTuned();
    const { limits } = await this.device();
    if (!hasRoomForTwo(this.layout, layout, tokens, limits)) {
      this.#device.dropBeside();
      return false;
    }
    try {
      const loaded = await this.#alive();
      // `hasRoomForTwo` does not count memory that former answers have left on the device.
      if (!loaded.isReadyForTwo(layout, tokens)) loaded.dropChat();
      await this.#generator('tuned');
      await this.#generator('base', { beside: true });
      return true;
    } catch (error) {
      if (!lacksRoom(error)) throw error;
      this.#device.dropBeside();
      return false;
    }
  }

  /**
   * Answers with the base or with the tuned adapter. Throws `no_adapter` if there is none.
   *
   * @param options.beside the base answers at the same time as the tuned adapter; only after `prepareTwo`
   */
  async chat(
    which: 'base' | 'tuned',
    messages: readonly Message[],
    sampling: AnswerSettings,
    options: {
      readonly template?: 'model' | 'alpaca';
      readonly onText?: (delta: string) => void;
      readonly onProgress?: OnProgress;
      readonly signal?: AbortSignal;
      readonly beside?: boolean;
    } = {},
  ): Promise<AnswerResult> {
    const context = chatContext(this.model, options.template ?? 'model');
    const promptIds = conversationIds(context, messages);
    const generator = await this.#generator(which, options);
    const { tokenizer, stopIds } = context;
    const { onText, signal } = options;
    return await answer({ generator, tokenizer, promptIds, sampling, stopIds, onText, signal });
  }

  /** Makes the adapter in a folder, or in a zip of one, the tuned adapter. `notes` are for the person. */
  async importAdapter(
    folder: ModelFolder,
  ): Promise<TunedAdapter & { readonly notes: readonly EngineMessage[] }> {
    const { layout, parameters, baseModel } = await readAdapterFiles(folder, this.layout.spec);
    this.setTuned({ layout, parameters });
    return { layout, parameters, notes: otherBaseNotes(baseModel, this.model.identity) };
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

  #opened() {
    if (this.#model) return this.#model;
    throw new TunesmithError({ code: 'no_model' });
  }

  /** How to read the weights for an adapter's initial values. Throws `weights_quantized` if they are not available. */
  #weightsFor({ kind, modules }: AdapterLayout): UseWeights {
    const { loadable, layout, stored } = this.#opened();
    const wanted = { layout, paths: modules.map(({ path }) => path), purpose: kind.title };
    const check = (weights: StoredWeights | undefined): void => {
      requireUnquantized(wanted, weights);
    };
    const { fetchAgain } = loadable;
    if (kind.origin && fetchAgain && !hasUnquantized(wanted, stored)) {
      return (work, options) => fetchAgain(check, work, options);
    }
    if (kind.origin) check(stored);
    return (work) => work(stored);
  }

  #checkStart(
    { hashes, tensors, settings }: CheckpointState,
    layout: AdapterLayout,
    { objective }: TrainSettings,
  ): void {
    const { dataset } = this;
    const other =
      (!(isRecord(settings) && settings['objective'] === objective) && message('other_objective')) ||
      (hashes.model !== this.modelHash && message('other_model')) ||
      (hashes.data !== dataset.hash && message('other_examples')) ||
      (!holdsAdapter(tensors, layout) && message('other_adapter_settings'));
    if (!other) return;
    throw new TunesmithError({ code: 'checkpoint_differs', values: { other } });
  }

  /** The model on a working device; loads it again if the device was lost. */
  async #alive(): Promise<LoadedModel> {
    return await this.#device.alive(this.#opened().loadable);
  }

  async #generator(
    which: 'base' | 'tuned',
    options: Pick<PrepareOptions, 'onProgress' | 'signal'> & { readonly beside?: boolean } = {},
  ): Promise<Generator> {
    const tuned = which === 'base' ? undefined : this.requireTuned();
    const loaded = await this.#alive();
    if (!loaded.isCompiled(tuned?.layout)) {
      const programs = () => ({ programs: loaded.chatPrograms(tuned?.layout) });
      const request = { seconds: FIT_SECONDS, ...options };
      await this.#device.kernels.prepare(loaded.model, programs, request);
    }
    if (tuned) return await loaded.tuned(tuned);
    return options.beside ? await loaded.baseBeside() : await loaded.base();
  }

  async #withAdapter<T>(
    work: (loaded: LoadedModel, adapter: Adapter | undefined) => Promise<T>,
    tuned = this.#tuned,
  ): Promise<T> {
    this.#device.dropBeside();
    return await this.#device.withAdapter(this.#opened().loadable, tuned, work);
  }
}
