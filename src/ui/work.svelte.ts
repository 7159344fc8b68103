import type { Message } from '../core/messages/message';
import type { ChatState } from './chat/chat.svelte';
import type { ExportState } from './export/export.svelte';
import type { ModelState } from './model/model.svelte';
import type { Reopening } from './runs/reopening.svelte';
import type { RunsState } from './runs/runs.svelte';
import type { TrainState } from './train/train.svelte';

export type WorkKind =
  /** The model and the examples of a past run are being opened, to use its adapter or to continue it. */
  | 'opening_run'
  | 'training'
  | 'exporting'
  | 'importing'
  | 'answering'
  /** A model that the visitor chose is being opened, perhaps downloaded. */
  | 'opening_model'
  /** Start was pressed, and what training needs is being made ready. */
  | 'starting'
  /** The page opens the demo's model by itself. */
  | 'preparing';

/** What the engine is at. It does one thing at a time, and the page goes by it. */
export interface Work {
  readonly kind: WorkKind;
  /** The part of the work that is being done. */
  readonly label?: Message | string;
  /** How far it is, 0 to 1. */
  readonly fraction?: number | undefined;
  readonly etaSeconds?: number | undefined;
  /** Ends it; absent if it can't be ended. */
  readonly stop?: () => void;
  /** A stop was asked for and has not come about yet. */
  readonly stopping?: boolean;
}

interface Parts {
  readonly reopening: Pick<Reopening, 'busy'>;
  readonly runs: RunsState;
  readonly training: TrainState;
  readonly exports: ExportState;
  readonly chat: ChatState;
  readonly model: ModelState;
  /** Start was pressed, and what training needs is being made ready. */
  readonly starting: boolean;
}

/** The engine's present work; undefined if it is at nothing. Reads state: call it within `$derived`. */
export function workOf({
  reopening,
  runs,
  training,
  exports,
  chat,
  model,
  starting,
}: Parts): Work | undefined {
  if (reopening.busy) {
    // A run that is to be continued tells of its opening by itself.
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
  if (chat.speaking) return { kind: 'answering', stop: () => void chat.stop() };
  if (model.busyLong) {
    const { progress, stopping } = model;
    return { kind: 'opening_model', ...progress, stop: () => void model.stop(), stopping };
  }
  if (starting) return { kind: 'starting', ...model.progress };
  return model.busy ? { kind: 'preparing', ...model.progress } : undefined;
}

const LOCKING: readonly WorkKind[] = ['training', 'opening_run'];
const PREPARING: readonly WorkKind[] = ['opening_model', 'starting', 'preparing'];

/** A run uses model, examples and settings: they stay as they are. */
export function locks(work: Work | undefined): boolean {
  return work !== undefined && LOCKING.includes(work.kind);
}

/** The engine is free for what the page wants ready next: it is at nothing, or at that. */
export function isFree(work: Work | undefined): boolean {
  return work === undefined || PREPARING.includes(work.kind);
}
