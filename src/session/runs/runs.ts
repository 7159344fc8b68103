import { parseSettings, type TrainSettings } from '../../core/settings/settings';
import { TunesmithError } from '../../core/errors';
import { blobOf, type FileReader } from '../../core/file_reader';
import type { RunRecord, StoredRun } from '../../storage/runs';
import { zipFile } from '../../exports/targets/zip_target';
import { TrainControl } from '../../train/control';
import type { TrainEvent } from '../../train/events';
import type { Adapters } from '../adapters';
import { cardRun } from '../data/dataset';
import type { Examples } from '../data/examples';
import type { Exclusive } from '../exclusive';
import type { ModelLibrary } from '../models/library';
import type { ModelOpener } from '../models/opener';
import type { PlanReport } from '../plans/plan_report';
import type { OnProgress, Progress } from '../progress';
import { adapterReport, type AdapterReport } from '../reports';
import type { TunedAdapter } from '../models/loaded';
import type { Session } from '../session';
import type { NamedBlob } from '../models/sources';
import { logFiles } from './logs';
import { keepRunModel, reopenRunModel, runModel } from './run_model';
import type { Annotation, ListedRun, RunRecords } from './run_records';
import { resumedSettings } from './run_settings';
import type { TrainCall } from './training';

export interface RunParts {
  readonly session: Session;
  /** Saves the base that a run needs; undefined if the model can be opened again from its source. */
  readonly library?: Pick<ModelLibrary, 'keep'>;
  /** Opens the model of a continued run; undefined if it is already open. */
  readonly opener?: Pick<ModelOpener, 'open' | 'originOf' | 'stop'>;
  readonly exclusive: Exclusive;
  readonly records: RunRecords;
  readonly examples: Examples;
  /** Is told which run the tuned adapter belongs to. */
  readonly adapters?: Pick<Adapters, 'rememberRun'>;
}

type OnEvent = (event: TrainEvent) => void;

/** A run begins with a new adapter, or with the open tuned one. */
export type StartFrom = 'new' | 'adapter';

export interface ContinueOptions {
  /** Settings that replace the run's own; fixed ones can't change. */
  readonly changes?: Partial<TrainSettings>;
  /** The examples, if given again; they must be the same as before. */
  readonly data?: readonly FileReader[];
}

/** Starts and continues runs, and opens their adapters. */
export class Runs {
  readonly #parts: RunParts;
  #control: TrainControl | undefined;
  #openingRun: AbortController | undefined;

  constructor(parts: RunParts) {
    this.#parts = parts;
  }

  /** The newest first. */
  async list(): Promise<readonly ListedRun[]> {
    return await this.#parts.records.list();
  }

  /** The ids of runs that can only be removed: their records can't be read. */
  async unreadable(): Promise<readonly string[]> {
    return await this.#parts.records.unreadable();
  }

  /** A run with its history. Throws `run_unknown`. */
  async read(id: string): Promise<RunRecord> {
    return await this.#parts.records.get(id);
  }

  /** The examples that a run was started with. Throws `run_unknown`, `run_data_missing`. */
  async examples(id: string): Promise<readonly NamedBlob[]> {
    const { records } = this.#parts;
    const files = await records.data(await records.get(id));
    return await Promise.all(files.map(async (file) => ({ name: file.name, content: await blobOf(file) })));
  }

  /** A zip of the files about a run's numbers. Throws `run_unknown`. */
  async logs(id: string): Promise<NamedBlob> {
    const zip = zipFile(`${id}-logs.zip`, logFiles(await this.#parts.records.get(id)));
    const parts: Uint8Array<ArrayBuffer>[] = [];
    for await (const part of zip.parts()) parts.push(part.slice());
    return { name: zip.name, content: new Blob(parts, { type: 'application/zip' }) };
  }

  /** An empty name removes the run's name. Throws `run_in_other_tab`, `run_unknown`. */
  async rename(id: string, name: string): Promise<void> {
    await this.#parts.records.rename(id, name);
  }

  /** Replaces the tags and the notes of a run. Throws `run_in_other_tab`, `run_unknown`. */
  async annotate(id: string, annotation: Annotation): Promise<void> {
    await this.#parts.records.annotate(id, annotation);
  }

  /** Throws `run_in_other_tab`. */
  async remove(id: string): Promise<void> {
    await this.#parts.records.remove(id);
  }

  /** Memory and time that `start` would take, without allocating anything. */
  async plan(given: TrainSettings, startFrom: StartFrom = 'new'): Promise<PlanReport> {
    const { session, exclusive } = this.#parts;
    const settings = this.#settingsOf(given, this.#initial(startFrom));
    await exclusive.measure(() => session.measureSpeed());
    return await session.plan(settings);
  }

  /**
   * Trains the open model on the examples; resolves when the run is finished or stopped (`stop` keeps the progress).
   *
   * @param startFrom 'adapter': trains the open tuned adapter (imported, or of a former run) further, with its own
   *   settings except for the dropout; 'new': a new adapter
   */
  async start(given: TrainSettings, onEvent: OnEvent, startFrom: StartFrom = 'new'): Promise<RunRecord> {
    const { session, library, records, examples } = this.#parts;
    return await this.#training(async (control) => {
      const initial = this.#initial(startFrom);
      const settings = this.#settingsOf(given, initial);
      const preparing = ({ label: message }: Progress): void =>
        onEvent({ event: 'state', state: 'preparing', message });
      // Read again, because some settings change the template, the cut or the split.
      const { files: data } = await examples.read(session.dataset.files, settings, preparing);
      onEvent({ event: 'state', state: 'preparing' });
      const { steps } = await session.plan(settings);
      const startedFrom = initial && ('adapter' as const);
      const keep = (): Promise<string | undefined> =>
        library ? keepRunModel(library, onEvent) : Promise.resolve(session.loadable.baseId);
      const run = await records.create({ ...runModel(session), startedFrom, settings, steps, data }, keep);
      onEvent({ event: 'state', state: 'preparing', run: run.id });
      return await records.exclusively(run.id, () => this.#train(run, { control, onEvent, initial }));
    });
  }

  /** Continues from the run's last checkpoint, with its model and examples. */
  async continue(
    id: string,
    onEvent: OnEvent,
    onProgress: OnProgress,
    { changes = {}, data }: ContinueOptions = {},
  ): Promise<RunRecord> {
    const { records } = this.#parts;
    return await this.#training((control) =>
      records.exclusively(id, async () => {
        const { run, start } = await this.#opening(async (signal) => {
          const recorded = await records.get(id);
          const run = { ...recorded, settings: resumedSettings(recorded.settings, changes) };
          const start = await records.checkpoint(id);
          if (!start && run.startedFrom === 'adapter')
            throw new TunesmithError({ code: 'run_without_checkpoint' });
          await this.#reopen(run, { onProgress, data, signal });
          return { run, start };
        });
        return await this.#train(run, { control, onEvent, start });
      }),
    );
  }

  /** Makes a run's adapter the tuned one, without training. Rejects with an `AbortError` after `stopOpening`. */
  async open(id: string, onProgress: OnProgress): Promise<AdapterReport> {
    const { session, exclusive, records, adapters } = this.#parts;
    return await exclusive.run('opening_run', () =>
      records.exclusively(id, () =>
        this.#opening(async (signal) => {
          const run = await records.get(id);
          const checkpoint = await records.adapterCheckpoint(run);
          // The checkpoint of step 0 holds an untrained adapter.
          if (!checkpoint || checkpoint.step === 0)
            throw new TunesmithError({ code: 'run_without_checkpoint' });
          await this.#reopen(run, { onProgress, signal });
          const adapter = session.adapterOf(run.settings, checkpoint);
          const { step } = checkpoint;
          const tuned = { ...adapter, run: cardRun(run.settings, session.dataset, run.history, step) };
          session.setTuned(tuned);
          adapters?.rememberRun(id);
          return await adapterReport(id, tuned);
        }),
      ),
    );
  }

  /** Stops the opening of a run's model and examples; keeps the downloaded parts. */
  stopOpening(): void {
    if (!this.#openingRun) return;
    this.#openingRun.abort();
    this.#parts.opener?.stop();
    this.#parts.examples.stop();
  }

  pause(): void {
    this.#control?.pause();
  }

  resume(): void {
    this.#control?.resume();
  }

  stop(): void {
    this.#control?.stop();
  }

  #initial(startFrom: StartFrom): TunedAdapter | undefined {
    return startFrom === 'adapter' ? this.#parts.session.tuned : undefined;
  }

  /**
   * The settings of a run. The load settings of the open model and the settings of the initial adapter take precedence,
   * so that the run can be opened again.
   */
  #settingsOf(given: TrainSettings, initial: TunedAdapter | undefined): TrainSettings {
    return parseSettings({
      ...given,
      ...this.#parts.session.layout.quantization,
      ...initial?.layout.settings,
      lora_dropout: given.lora_dropout,
    });
  }

  /** Trains with a control that exists from the beginning, so that a stop works at any time. */
  async #training(work: (control: TrainControl) => Promise<RunRecord>): Promise<RunRecord> {
    return await this.#parts.exclusive.run('training', async () => {
      const control = new TrainControl();
      this.#control = control;
      try {
        return await work(control);
      } finally {
        this.#control = undefined;
      }
    });
  }

  /** Runs work that `stopOpening` can stop. */
  async #opening<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const opening = new AbortController();
    this.#openingRun = opening;
    try {
      return await work(opening.signal);
    } finally {
      this.#openingRun = undefined;
    }
  }

  async #reopen(
    run: StoredRun,
    {
      onProgress,
      data,
      signal,
    }: {
      readonly onProgress: OnProgress;
      readonly data?: readonly FileReader[];
      readonly signal: AbortSignal;
    },
  ): Promise<void> {
    const { session, opener, records, examples } = this.#parts;
    signal.throwIfAborted();
    await reopenRunModel(session, opener, run, onProgress);
    signal.throwIfAborted();
    await examples.read(data ?? (await records.data(run)), run.settings, onProgress);
    signal.throwIfAborted();
  }

  async #train(
    run: StoredRun,
    call: Pick<TrainCall, 'control' | 'onEvent' | 'start' | 'initial'>,
  ): Promise<RunRecord> {
    const { session, records, adapters } = this.#parts;
    const { settings } = run;
    const { record } = await records.record(run, call.start, call.onEvent, (onEvent, checkpoints) =>
      session.train({ ...call, settings, checkpoints, onEvent }),
    );
    if (record.checkpointStep > 0) adapters?.rememberRun(run.id);
    return record;
  }
}
