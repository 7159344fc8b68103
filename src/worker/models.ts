import { TunesmithError, errorClass, isFull } from '../core/errors';
import { requireModelReference } from '../core/model_reference';
import { loadText, type LoadSettings } from '../core/settings/settings';
import type { ModelLibrary } from '../session/library';
import type { ModelOrigin } from '../session/model_origin';
import type { OnProgress, Progress } from '../session/progress';
import type { Session } from '../session/session';
import { openModel as openFormerModel } from '../storage/models';
import type { NewRun, StoredRun } from '../storage/runs';
import type { TrainEvent } from '../train/events';
import type { ModelReport, ModelSource } from './protocol';
import { modelReport } from './reports';
import type { Runs } from './runs';
import { DEMO_NAME, demoFolder, folderOfBlobs, namedBlobs } from './sources';
import type { Turns } from './turns';

export interface ModelParts {
  /** The page's address up to where its `models` lie, with a slash at the end. */
  readonly base: string;
  readonly session: Pick<
    Session,
    'open' | 'opening' | 'openModel' | 'prepareChat' | 'model' | 'hasModel' | 'layout' | 'modelHash'
  >;
  readonly library: Pick<ModelLibrary, 'open' | 'keep'>;
  readonly turns: Turns;
  readonly runs: Pick<Runs, 'files'>;
}

/** What a run's record says of its model. */
export type RunModel = Pick<NewRun, 'modelName' | 'modelSource' | 'modelRepo' | 'modelCommit' | 'modelHash'>;

/** Opens models, for a person and for runs. */
export class Models {
  readonly #parts: ModelParts;
  #opening: AbortController | undefined;

  constructor(parts: ModelParts) {
    this.#parts = parts;
  }

  report(): ModelReport | undefined {
    const { session } = this.#parts;
    return session.hasModel ? modelReport(session) : undefined;
  }

  async open(source: ModelSource, load: LoadSettings, onProgress: OnProgress): Promise<ModelReport> {
    const { session, library, turns } = this.#parts;
    return await turns.alone('opening a model', async () => {
      await this.#stoppable(async (signal) => {
        await library.open(await this.origin(source), load, { onProgress, signal });
        // What fails here fails again, in words, where it is needed.
        await session.prepareChat(onProgress, signal).catch(() => undefined);
      });
      return modelReport(session);
    });
  }

  stopOpening(): void {
    this.#opening?.abort();
  }

  async origin(source: ModelSource): Promise<ModelOrigin> {
    switch (source.kind) {
      case 'demo':
        return {
          kind: 'folder',
          identity: { name: DEMO_NAME, source: 'demo' },
          folder: await demoFolder(this.#parts.base),
        };
      case 'files': {
        const folder = folderOfBlobs(namedBlobs(source.files));
        return { kind: 'folder', identity: { name: source.name, source: 'files' }, folder };
      }
      case 'hub': {
        const reference = requireModelReference(source.repo);
        const { revision = reference.revision, file = reference.file } = source;
        const named = { ...(revision !== undefined && { revision }), ...(file !== undefined && { file }) };
        return { kind: 'hub', reference: { ...reference, ...named } };
      }
      case 'stored':
        return source;
    }
  }

  forRun(): RunModel {
    const { session } = this.#parts;
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
   * Keeps what a run needs to go on after a reload, and says so where there is no room for it: the run is worth more than
   * that. For use within `withStorageLock`.
   */
  async keepForRun(onEvent: (event: TrainEvent) => void): Promise<string | undefined> {
    const preparing = (message: string): void => onEvent({ event: 'state', state: 'preparing', message });
    const onProgress = ({ label, fraction = 0 }: Progress): void =>
      preparing(`${label}, to go on after a reload: ${Math.round(fraction * 100)} %`);
    try {
      return await this.#parts.library.keep({ onProgress });
    } catch (error) {
      if (!isFull(error)) throw error;
      preparing(
        `There is no room to keep the model: after a reload, open it again before the run goes on. ${error.message}`,
      );
      return undefined;
    }
  }

  /** Opens the model that a run was trained on, where that isn't open. Throws `run_model_missing`. */
  async reopen(run: StoredRun, onProgress: OnProgress): Promise<void> {
    const { session } = this.#parts;
    if (session.hasModel && run.modelHash !== undefined && session.modelHash === run.modelHash) return;
    await this.#stoppable((signal) => this.#reopen(run, onProgress, signal));
    if (run.modelHash !== undefined && session.modelHash !== run.modelHash) throw runModelMissing(run);
  }

  async #reopen(run: StoredRun, onProgress: OnProgress, signal: AbortSignal): Promise<void> {
    const { session, library, runs } = this.#parts;
    const { modelName: name, modelSource: source, baseId, modelId, settings } = run;
    const options = { onProgress, signal };
    if (source === 'demo') {
      await library.open(await this.origin({ kind: 'demo' }), settings, options);
      return;
    }
    if (baseId !== undefined) {
      try {
        await library.open({ kind: 'stored', id: baseId }, settings, options);
        return;
      } catch (error) {
        if (errorClass(error) !== 'gone') throw error;
        throw runModelMissing(run, error);
      }
    }
    const former = modelId === undefined ? undefined : await openFormerModel(await runs.files(), modelId);
    if (!former) throw runModelMissing(run);
    const identity = { name, source: 'files' as const };
    await session.openModel(folderOfBlobs(former.files), identity, settings, onProgress, signal);
  }

  async #stoppable<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const opening = new AbortController();
    this.#opening = opening;
    try {
      return await work(opening.signal);
    } finally {
      this.#opening = undefined;
    }
  }
}

function runModelMissing(
  { modelName: name, modelRepo: repo, modelCommit: commit, settings }: StoredRun,
  cause?: unknown,
): TunesmithError {
  const where =
    repo === undefined ? `the folder of ${name}` : `${repo}${commit ? `@${commit}` : ''} from the hub`;
  return new TunesmithError({
    code: 'run_model_missing',
    message: `${name}, which this run was trained on, is no longer in this browser's storage, or not as it was.`,
    hint: `Open ${where} again, with ${loadText(settings)}; then go on with the run.`,
    cause,
  });
}
