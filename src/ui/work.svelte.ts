import type { Message } from '../core/messages/message';
import type { ChatState } from './chat/chat.svelte';
import type { MoreState } from './examples/more/more.svelte';
import type { ExportState } from './export/export.svelte';
import type { NoiseState } from './export/noise.svelte';
import type { ModelState } from './model/model.svelte';
import type { Reopening } from './runs/reopening.svelte';
import type { RunsState } from './runs/runs.svelte';
import type { TrainState } from './train/train.svelte';

export type WorkKind =
  /** The model and the examples of a past run are being opened, for its adapter or to continue it. */
  | 'opening_run'
  | 'training'
  | 'exporting'
  | 'importing'
  | 'reducing'
  | 'answering'
  /** The open model writes rows. */
  | 'writing'
  /** A model that the visitor chose is being opened or downloaded. */
  | 'opening_model'
  /** Start was pressed, and model, examples or plan are being prepared. */
  | 'starting'
  /** The page is opening the demo's model by itself. */
  | 'preparing';

/** The engine's present work. It does one thing at a time. */
export interface Work {
  readonly kind: WorkKind;
  /** The present part of the work. */
  readonly label?: Message | string;
  /** Progress, 0 to 1. */
  readonly fraction?: number | undefined;
  readonly etaSeconds?: number | undefined;
  /** Stops it; absent if it can't be stopped. */
  readonly stop?: () => void;
  /** Whether a stop was requested and has not taken effect yet. */
  readonly stopping?: boolean;
}

interface Parts {
  readonly reopening: Pick<Reopening, 'busy'>;
  readonly runs: RunsState;
  readonly training: TrainState;
  readonly exports: ExportState;
  readonly noise: Pick<NoiseState, 'running' | 'progress' | 'stopping' | 'stop'>;
  readonly chat: ChatState;
  readonly more: Pick<MoreState, 'doing' | 'progress' | 'stopping' | 'stop'>;
  readonly model: ModelState;
  /** Start was pressed, and model, examples or plan are being prepared. */
  readonly starting: boolean;
}

/** The engine's present work; undefined if it is idle. Reads state: call it within `$derived`. */
export function workOf({
  reopening,
  runs,
  training,
  exports,
  noise,
  chat,
  more,
  model,
  starting,
}: Parts): Work | undefined {
  if (reopening.busy) {
    // A run being continued reports its own progress of opening.
    const progress = runs.progress ?? training.progress;
    return { kind: 'opening_run', ...progress, stop: () => void runs.stopOpening() };
  }
  if (training.active) {
    const { last, message: label, fraction = last && last.step / last.steps, secondsLeft, asked } = training;
    return {
      kind: 'training',
      label,
      fraction,
      etaSeconds: secondsLeft,
      ...(training.stoppable && { stop: () => void training.stop() }),
      stopping: asked === 'stop',
    };
  }
  if (exports.exporting) {
    const { progress, stopping } = exports;
    return { kind: 'exporting', ...progress, stop: () => void exports.stop(), stopping };
  }
  if (exports.importing) return { kind: 'importing' };
  if (noise.running) {
    const { progress, stopping } = noise;
    return { kind: 'reducing', ...progress, stop: () => void noise.stop(), stopping };
  }
  if (chat.speaking) return { kind: 'answering', stop: () => void chat.stop() };
  if (more.doing === 'model') {
    const { progress, stopping } = more;
    const fraction = progress && progress.done / progress.all;
    return { kind: 'writing', fraction, stop: () => void more.stop(), stopping };
  }
  if (model.busyLong) {
    const { progress, stopping } = model;
    return { kind: 'opening_model', ...progress, stop: () => void model.stop(), stopping };
  }
  if (starting) return { kind: 'starting', ...model.progress };
  return model.busy ? { kind: 'preparing', ...model.progress } : undefined;
}

const LOCKING: readonly WorkKind[] = ['training', 'opening_run'];
const PREPARING: readonly WorkKind[] = ['opening_model', 'starting', 'preparing'];

/** Whether the work locks model, examples and settings. */
export function locks(work: Work | undefined): boolean {
  return work !== undefined && LOCKING.includes(work.kind);
}

/** Whether other work can begin: the engine is idle, or the page opens the demo by itself, which is quick. */
export function isIdle(work: Work | undefined): boolean {
  return work === undefined || work.kind === 'preparing';
}

/** Whether the engine is free for the page's preparations: it is idle or doing them. */
export function isFree(work: Work | undefined): boolean {
  return work === undefined || PREPARING.includes(work.kind);
}
