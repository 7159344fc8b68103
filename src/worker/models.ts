import { TunesmithError } from '../core/errors';
import type { LoadSettings } from '../models/layout';
import type { Progress } from '../session/progress';
import type { Session } from '../session/session';
import { listModels, openModel as openStoredModel, putModel } from '../storage/models';
import type { StoredRun } from '../storage/runs';
import type { TrainEvent } from '../train/events';
import type { Adapters } from './adapters';
import type { ModelReport, ModelSource, StoredModelReport } from './protocol';
import { modelReport } from './reports';
import type { Runs } from './runs';
import { DEMO_NAME, demoFolder, folderOfBlobs, namedBlobs } from './sources';
import type { Turns } from './turns';

export interface ModelParts {
  /** The page's address up to where its `models` lie, with a slash at the end. */
  readonly base: string;
  readonly session: Session;
  readonly turns: Turns;
  readonly runs: Runs;
  readonly adapters: Adapters;
}

/** Opens models, and keeps what runs need of them. */
export class Models {
  readonly #parts: ModelParts;
  /** The files of the open model, where they are the visitor's own. */
  #files: readonly File[] | undefined;
  #storedModel: string | undefined;
  #opening: AbortController | undefined;

  constructor(parts: ModelParts) {
    this.#parts = parts;
  }

  report(): ModelReport | undefined {
    const { session } = this.#parts;
    return session.hasModel ? modelReport(session) : undefined;
  }

  async open(
    source: ModelSource,
    load: LoadSettings,
    onProgress: (progress: Progress) => void,
  ): Promise<ModelReport> {
    const { base, session, turns, adapters } = this.#parts;
    return await turns.alone('opening a model', async () => {
      if (source.kind === 'hub' || source.kind === 'stored') throw hubMissing();
      adapters.forget();
      this.#storedModel = undefined;
      this.#files = source.kind === 'files' ? source.files : undefined;
      const folder =
        source.kind === 'demo' ? await demoFolder(base) : folderOfBlobs(namedBlobs(source.files));
      const name = source.kind === 'demo' ? DEMO_NAME : source.name;
      const opening = new AbortController();
      this.#opening = opening;
      try {
        await session.openModel(folder, { name, source: source.kind }, load, onProgress, opening.signal);
      } finally {
        this.#opening = undefined;
      }
      return modelReport(session);
    });
  }

  stopOpening(): void {
    this.#opening?.abort();
  }

  async stored(): Promise<readonly StoredModelReport[]> {
    const { runs } = this.#parts;
    const [models, all] = await Promise.all([runs.files().then(listModels), runs.all()]);
    return models.map(({ id, name, bytes }) => {
      const users = all.filter((run) => run.modelId === id);
      const usedAt = users[0]?.updatedAt ?? '';
      return { id, name, source: 'files' as const, bytes, usedAt, usedByRuns: users.length, partial: false };
    });
  }

  /** Stores the open model's files, where they are the visitor's own and not stored yet. */
  async keepForRun(onEvent: (event: TrainEvent) => void): Promise<string | undefined> {
    const { session, runs } = this.#parts;
    if (!this.#files) return undefined;
    const store = await runs.files();
    // It goes when its last run is removed.
    const kept = this.#storedModel && (await openStoredModel(store, this.#storedModel));
    if (kept) return this.#storedModel;
    const { name } = session.model.identity;
    this.#storedModel = await putModel(store, name, namedBlobs(this.#files), (fraction) => {
      const message = `Keeping a copy of the model, to go on after a reload: ${Math.round(fraction * 100)} %`;
      onEvent({ event: 'state', state: 'preparing', message });
    });
    return this.#storedModel;
  }

  /** Opens the model that a run was trained on. Throws `run_model_missing`. */
  async reopen(run: StoredRun, onProgress: (progress: Progress) => void): Promise<void> {
    const { base, session, runs } = this.#parts;
    const { modelName: name, modelSource: source, modelId, settings } = run;
    const stored = modelId === undefined ? undefined : await openStoredModel(await runs.files(), modelId);
    if (source === 'files' && !stored) {
      throw new TunesmithError({
        code: 'run_model_missing',
        message: `The files of ${name}, which this run was trained on, are no longer in storage.`,
        hint: 'The browser may have cleared them. Open the model again and start a new run.',
      });
    }
    const folder = stored ? folderOfBlobs(stored.files) : await demoFolder(base);
    await session.openModel(folder, { name, source }, settings, onProgress);
    this.#storedModel = modelId;
    this.#files = stored?.files.map(({ name: file, content }) => new File([content], file));
  }
}

export function hubMissing(): TunesmithError {
  return new TunesmithError({
    code: 'hub_missing',
    message: 'This engine can’t fetch models.',
    hint: 'Choose a folder from disk.',
  });
}
