import { errorClass, isFull, TunesmithError } from '../../core/errors';
import { message, type Message } from '../../core/messages/message';
import { loadTexts } from '../../core/settings/settings';
import type { NewRun, StoredRun } from '../../storage/runs';
import type { TrainEvent } from '../../train/events';
import type { ModelLibrary } from '../models/library';
import type { ModelOpener } from '../models/opener';
import type { ModelOrigin } from '../models/sources';
import type { OnProgress, Progress } from '../progress';
import type { Session } from '../session';

/** The facts about the model in a run's record. */
export type RunModel = Pick<NewRun, 'modelName' | 'modelSource' | 'modelRepo' | 'modelCommit' | 'modelHash'>;

export function runModel(session: Pick<Session, 'model' | 'modelHash'>): RunModel {
  const { name, source, repo, commit } = session.model.identity;
  return {
    modelName: name,
    modelSource: source,
    modelRepo: repo,
    modelCommit: commit,
    modelHash: session.modelHash,
  };
}

/**
 * Saves the base that a run needs to continue after a reload. A lack of room is only a note, because the run can start
 * without it. Call it within `withStorageLock`.
 *
 * @returns the base's id, if it is saved
 */
export async function keepRunModel(
  library: Pick<ModelLibrary, 'keep'>,
  onEvent: (event: TrainEvent) => void,
): Promise<string | undefined> {
  const preparing = (told: Message): void => onEvent({ event: 'state', state: 'preparing', message: told });
  const onProgress = ({ label, fraction = 0 }: Progress): void =>
    preparing(message('keeping_for_reload', { label, fraction }));
  try {
    return await library.keep({ onProgress });
  } catch (error) {
    if (!isFull(error)) throw error;
    preparing(message('run_copy_no_room', { reason: error.clause }));
    return undefined;
  }
}

/**
 * Opens a run's model, unless it is already open.
 *
 * @param opener undefined if the model has to be open already
 * @throws TunesmithError `run_model_missing`; `run_model_differs` if the model there is another one, or has changed
 */
export async function reopenRunModel(
  session: Pick<Session, 'hasModel' | 'modelHash'>,
  opener: Pick<ModelOpener, 'open' | 'originOf'> | undefined,
  run: StoredRun,
  onProgress: OnProgress,
): Promise<void> {
  const isOpen = (): boolean => session.hasModel && session.modelHash === run.modelHash;
  if (isOpen()) return;
  if (!opener) throw differs(run);
  const { modelSource, baseId, settings } = run;
  const open = async (origin: ModelOrigin): Promise<void> => {
    await opener.open(origin, settings, onProgress);
    if (!isOpen()) throw differs(run);
  };
  if (modelSource === 'demo') {
    await open(await opener.originOf({ kind: 'demo' }));
    return;
  }
  if (baseId !== undefined) {
    try {
      await open({ kind: 'stored', id: baseId });
      return;
    } catch (error) {
      if (errorClass(error) !== 'gone') throw error;
      if (modelSource === 'files') throw missing(run, error);
    }
  }
  const { modelRepo, modelName, modelCommit } = run;
  if (modelRepo === undefined) throw missing(run);
  // A model that was not saved is downloaded again at the run's commit.
  await open(await opener.originOf({ kind: 'hub', repo: modelName, revision: modelCommit }));
}

function missing({ modelName, settings }: StoredRun, cause?: unknown): TunesmithError {
  const values = { name: modelName, load: loadTexts(settings) };
  return new TunesmithError({ code: 'run_model_missing', values, cause });
}

function differs({ modelName, modelRepo, modelCommit, settings }: StoredRun): TunesmithError {
  const hub = modelRepo !== undefined;
  const values = { name: modelName, hub, commit: modelCommit, load: loadTexts(settings) };
  return new TunesmithError({ code: 'run_model_differs', values });
}
