import { TunesmithError, type ErrorCode } from '../../core/errors';
import { message, type Message } from '../../core/messages/message';
import type { TrainSettings } from '../../core/settings/settings';
import type { ExportedAdapter } from '../../exports/format';
import type { CheckpointState } from '../../formats/checkpoint';
import type { Plan } from '../../graph/plan';
import { chosenKernels } from '../../graph/tune';
import { Adapter, adapterOf } from '../../models/adapter';
import type { AdapterLayout, AdapterState } from '../../models/adapters/layout';
import { objectiveOf } from '../../models/objectives';
import { computeStart, plainAdapter } from '../../models/adapters/start';
import type { Model } from '../../models/model';
import { optimizerPlan } from '../../models/optimizers';
import { compileTraining, planTraining, type TrainingPlans } from '../../models/training';
import type { TrainingOptions } from '../../models/training_graph';
import type { StoredWeights } from '../../models/stored/stored_weight';
import type { TrainingState } from '../../models/training_program';
import { loadCheckpoint, loadFirst, saveCheckpoint, type CheckpointStore } from '../../storage/checkpoints';
import type { TrainControl } from '../../train/control';
import { elapsedIn, isHistory, type TrainEvent } from '../../train/events';
import type { TrainPosition } from '../../train/options';
import { capacityOf, planOf } from '../../train/plan';
import { bestFirst, evaluationsIn } from '../../train/stopping';
import { train, type TrainResult } from '../../train/trainer';
import type { Dataset } from '../data/dataset';
import type { Kernels } from '../kernels';
import type { OnProgress } from '../progress';
import type { LoadedModel, TunedAdapter } from '../models/loaded';
import { keptLimits, SampleAnswers, type SampleContext, type SamplePrompt } from '../chat/sample_answers';

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

export interface TrainingRequest {
  /** The base on a working device; called again after a device was lost. */
  readonly loaded: () => Promise<LoadedModel>;
  readonly kernels: Kernels;
  readonly chat: SampleContext;
  readonly layout: AdapterLayout;
  /** The initial adapter; undefined for a new one. */
  readonly initial: AdapterState | undefined;
  /** Reads the weights for computing a new adapter's initial values; undefined for an existing adapter. */
  readonly weights: UseWeights | undefined;
  readonly dataset: Dataset;
  /** The prompts that are answered before and during the training. */
  readonly samplePrompts: readonly SamplePrompt[];
  /** Expected seconds for the steps of the whole run. */
  readonly trainSeconds: number | undefined;
  readonly settings: TrainSettings;
  readonly hashes: CheckpointState['hashes'];
  /** The store of the run's checkpoints. */
  readonly checkpoints: CheckpointStore;
  /** The checkpoint to continue from. */
  readonly start?: CheckpointState;
  readonly control: TrainControl;
  readonly onEvent: (event: TrainEvent) => void;
}

/**
 * Gives `work` the stored form of the weights in the model's own files; undefined if the device has all needed weights.
 */
export type UseWeights = <T>(
  work: (stored: StoredWeights | undefined) => Promise<T>,
  options: { readonly onProgress: OnProgress; readonly signal: AbortSignal },
) => Promise<T>;

export interface TrainingOutcome extends TrainResult {
  /** The trained adapter, as a plain one. */
  readonly adapter: ExportedAdapter;
  /** Its step: the last, or with `load_best_model_at_end` the one with the lowest evaluation loss. */
  readonly adapterStep: number;
  /** All events for the chart. */
  readonly history: readonly TrainEvent[];
}

/** Time limit of tuning the kernels, in seconds. */
const FIT_SECONDS = 7;
/** The run gives up after this many losses of the device without a checkpoint in between. */
const MOST_LOSSES = 3;
const RETRY_MILLISECONDS = 2000;

/**
 * Trains from the beginning or from a checkpoint. If the device is lost, opens it again and continues from the last
 * checkpoint. Throws the trainer's errors; the run's last good checkpoint is then stored.
 */
export async function runTraining(request: TrainingRequest): Promise<TrainingOutcome> {
  const history = new History(request.start);
  let start = request.start;
  request.onEvent({ event: 'state', state: 'preparing' });
  for (let losses = 0; ;) {
    const reached = start?.step ?? 0;
    try {
      return await attempt(request, start, history);
    } catch (error) {
      if (!(error instanceof TunesmithError)) throw error;
      // Just after a loss, a browser may offer no GPU adapter for a moment.
      const missing = losses > 0 && NO_DEVICE.includes(error.code);
      if (!missing && error.code !== 'device_lost') throw error;
      if (missing) await new Promise((resolve) => setTimeout(resolve, RETRY_MILLISECONDS));
      start = await lastCheckpoint(request);
      losses = (start?.step ?? 0) > reached ? 1 : losses + 1;
      if (losses >= MOST_LOSSES) throw error;
      history.rewind(start);
      const told = message('device_lost_going_on', { step: start?.step ?? 0 });
      request.onEvent({ event: 'state', state: 'recovering', message: told });
    }
  }
}

/** Errors for a missing device: the browser's, and the command line's. */
const NO_DEVICE: readonly ErrorCode[] = ['gpu_adapter_missing', 'gpu_driver_missing'];

/** The events up to a checkpoint. */
export function historyOf({ history }: CheckpointState): readonly TrainEvent[] {
  // Written by `History.push`, into a file whose hash is checked when it is read.
  return history as unknown as readonly TrainEvent[];
}

/** The steps whose checkpoints a run is to keep, the best first: none without `load_best_model_at_end`. */
function valuedSteps(settings: TrainSettings, history: readonly TrainEvent[]): readonly number[] {
  if (!settings.load_best_model_at_end) return [];
  return bestFirst(evaluationsIn(history)).map(({ step }) => step);
}

/**
 * The stored checkpoint with the lowest evaluation loss, whose adapter is the run's. Undefined if the last one is: without
 * `load_best_model_at_end`, or if no evaluated step has a checkpoint.
 */
export async function bestCheckpoint(
  checkpoints: CheckpointStore,
  settings: TrainSettings,
  history: readonly TrainEvent[],
): Promise<CheckpointState | undefined> {
  const valued = valuedSteps(settings, history);
  return valued.length > 0 ? await loadFirst(checkpoints, valued) : undefined;
}

/** A run's events for the chart. Removes events after a checkpoint if the run goes back to it. */
class History {
  events: TrainEvent[] = [];

  constructor(start: CheckpointState | undefined) {
    this.rewind(start);
  }

  push(event: TrainEvent): void {
    if (isHistory(event)) this.events.push(event);
  }

  rewind(start: CheckpointState | undefined): void {
    this.events = start ? [...historyOf(start)] : [];
  }
}

async function lastCheckpoint({ checkpoints }: TrainingRequest): Promise<CheckpointState | undefined> {
  return await loadCheckpoint(checkpoints);
}

async function attempt(
  request: TrainingRequest,
  start: CheckpointState | undefined,
  history: History,
): Promise<TrainingOutcome> {
  const { dataset, settings, layout, control, checkpoints, hashes } = request;
  const loaded = await request.loaded();
  const { device, model } = loaded;
  loaded.dropChat();
  // A checkpoint holds the initial values, so they are not computed again.
  const begun = start || !request.weights ? undefined : await startOf(request, request.weights, model);
  const adapter = new Adapter(device, layout, optimizerPlan(layout, settings));
  const owned: { destroy(): void }[] = [adapter];
  try {
    if (begun) await adapter.writeStart(model, begun);
    else if (request.initial) adapter.writeAdapter(request.initial);
    const plan = planOf(settings, dataset.training);
    const batchSize = settings.per_device_train_batch_size;
    const capacity = capacityOf(plan, batchSize, dataset.training, dataset.heldOut);
    const options = { capacity, settings };
    const plans = await prepareKernels(request, loaded, start, options);
    const kernels = chosenKernels(Object.values(plans), device.choices);
    const program = await compileTraining(model, adapter, options, plans);
    owned.push(program);
    const generator = request.samplePrompts.length > 0 ? await loaded.generatorFor(adapter) : undefined;
    if (generator) owned.push(generator);

    const samples =
      generator &&
      new SampleAnswers({
        generator,
        chat: request.chat,
        prompts: request.samplePrompts,
        run: { steps: plan.steps, trainSeconds: request.trainSeconds },
        kept: keptLimits(history.events, request.samplePrompts),
      });

    const save = async (position: TrainPosition, state: TrainingState): Promise<void> => {
      const checkpoint: CheckpointState = {
        ...position,
        tensors: state,
        settings: { ...settings },
        hashes,
        kernels,
        history: jsonOf(history.events),
      };
      const valued = valuedSteps(settings, history.events);
      await saveCheckpoint(checkpoints, checkpoint, settings.save_total_limit, valued);
    };

    const result = await train({
      program,
      objective: objectiveOf(settings),
      examples: dataset.training,
      heldOut: dataset.heldOut,
      heldOutSources: dataset.heldOutSources,
      settings,
      ...(start && {
        start: {
          step: start.step,
          state: start.tensors,
          elapsedSeconds: elapsedIn(historyOf(start)),
          evaluations: evaluationsIn(historyOf(start)),
        },
      }),
      control,
      onEvent: (event) => {
        history.push(event);
        request.onEvent(event);
      },
      deviceBytes: () => device.buffers.total,
      hooks: { saveCheckpoint: save, ...(samples && { samples }) },
      ...(request.trainSeconds !== undefined && { trainSeconds: request.trainSeconds }),
    });
    const best = await bestCheckpoint(checkpoints, settings, history.events);
    const state = best ? adapterOf(best.tensors, layout) : await adapter.readAdapter();
    return {
      ...result,
      adapter: plainAdapter(model.layout.spec, layout, state),
      adapterStep: best?.step ?? result.step,
      history: history.events,
    };
  } finally {
    for (const part of owned.reverse()) part.destroy();
  }
}

/** The initial values of a new adapter. Throws as `computeStart`, and `start_stopped`. */
export async function startOf(
  {
    layout,
    settings,
    control,
    onEvent,
  }: Pick<TrainingRequest, 'layout' | 'settings' | 'control' | 'onEvent'>,
  weights: UseWeights,
  model: Model,
): Promise<AdapterState> {
  const { seed } = settings;
  const { signal } = control;
  const { title, isBase } = layout.kind;
  const computing = isBase ? message('start_copying') : message('start_computing', { kind: title });
  const tell = (told: Message, fraction?: number): void =>
    onEvent({ event: 'state', state: 'preparing', message: told, fraction });
  const onProgress = (fraction: number): void => tell(computing, fraction);
  try {
    return await weights(
      (stored) => computeStart(model, { layout, seed, onProgress, signal, ...(stored && { stored }) }),
      { signal, onProgress: ({ label, fraction }) => tell(label, fraction) },
    );
  } catch (error) {
    if (!signal.aborted) throw error;
    throw new TunesmithError({ code: 'start_stopped', cause: error });
  }
}

/**
 * Tunes the kernels and makes their pipelines. A continued run keeps its kernels: with others, its results would differ
 * in the last bits.
 */
export async function prepareKernels(
  {
    kernels,
    layout,
    samplePrompts,
    onEvent,
    control,
  }: Pick<TrainingRequest, 'kernels' | 'layout' | 'samplePrompts' | 'onEvent' | 'control'>,
  loaded: LoadedModel,
  start: CheckpointState | undefined,
  options: Omit<TrainingOptions, 'limits'>,
): Promise<TrainingPlans> {
  const { model, device } = loaded;
  device.choices.pin(start?.kernels ?? {});
  const { limits } = device;
  const plan = () => {
    const training = planTraining(model.layout, layout, { ...options, limits });
    const programs = Object.values(training).map((each: Plan) => ({ plan: each }));
    const chat = samplePrompts.length > 0 ? loaded.chatPrograms(layout) : [];
    return { training, programs: [...programs, ...chat] };
  };
  const { planned, measured } = await kernels.prepare(model, plan, {
    seconds: FIT_SECONDS,
    onProgress: ({ label, fraction }) =>
      onEvent({ event: 'state', state: 'preparing', message: label, fraction }),
    signal: control.signal,
  });
  if (measured) onEvent({ event: 'state', state: 'preparing', replanned: true });
  return planned.training;
}

/** Events are plain data already; this convinces the type checker. */
function jsonOf(events: readonly TrainEvent[]): CheckpointState['history'] {
  return JSON.parse(JSON.stringify(events)) as CheckpointState['history'];
}
