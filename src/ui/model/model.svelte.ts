import { literal, object, optional, string, union } from 'valibot';
import { ABORTED, describeError, TunesmithError, type ErrorDescription } from '../../core/errors';
import { message } from '../../core/messages/message';
import { loadKey, type LoadSettings } from '../../core/settings/settings';
import type { ModelReport, ModelSource, Progress } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import type { PickedFiles } from '../shared/files';
import { keep, readKept } from '../shared/persist';
import { withProgress } from '../shared/progress';
import type { CandidateSource } from './candidate.svelte';

const storageKey = 'model';
const formerSchema = union([
  object({ folder: string() }),
  object({ kind: literal('hub'), repo: string(), revision: optional(string()), file: optional(string()) }),
]);

/** Where a model comes from, as the page offers it. */
export type Way = 'demo' | 'hub' | 'disk' | 'kept';

/** Which model is wanted, which one is open, and the way from one to the other. */
export class ModelState {
  readonly #engine: EngineState;
  wanted: ModelSource = $state.raw({ kind: 'demo' });
  /** What to call what is wanted before it is open. */
  #wantedName = $state('');
  /** The way that is on show; the model stays what it is until another is chosen on it. */
  way: Way = $state('demo');
  report: ModelReport | undefined = $state.raw();
  progress: Progress | undefined = $state.raw();
  error: ErrorDescription | undefined = $state.raw();
  /** The visitor stopped the opening. */
  stopped = $state(false);
  /** A stop was asked for and has not come about yet. */
  stopping = $state(false);
  /** The source that `report` is of. */
  #opened: ModelSource | undefined = $state.raw();
  /** What could not be opened, or was stopped. */
  #failed: { readonly source: ModelSource; readonly load: LoadSettings } | undefined;
  /** What was used before a reload. The browser does not hand out a folder's files again by itself. */
  former = $state.raw(readKept(storageKey, formerSchema));

  readonly busy = $derived(this.progress !== undefined);
  /** What may take long: until it is done, nothing else is chosen. The demo is quick, and opened without being asked. */
  readonly busyLong = $derived(this.busy && this.wanted.kind !== 'demo');
  /** What comes from the hub or from storage is not open, and is not tried again before it is asked for. */
  readonly halted = $derived(
    (this.wanted.kind === 'hub' || this.wanted.kind === 'stored') &&
      (this.stopped || this.error !== undefined),
  );
  readonly name = $derived(this.report?.name ?? this.#wantedName);

  constructor(engine: EngineState) {
    this.#engine = engine;
  }

  /** Whether what is open is what is wanted, loaded as wanted. */
  isOpen(load: LoadSettings): boolean {
    if (this.report === undefined || this.#opened !== this.wanted) return false;
    // What came over the network, or its copy here, is loaded otherwise only when asked for: see `differs`.
    return !this.#opensByItself || sameLoad(this.report.load, load);
  }

  /** Whether the page may open what is wanted now: not what has just failed or was stopped, until it is asked to. */
  mayOpen(load: LoadSettings): boolean {
    if (this.#failed?.source !== this.wanted) return true;
    return this.#opensByItself && !sameLoad(this.#failed.load, load);
  }

  /** Whether the open model was loaded otherwise than the settings say now. */
  differs(load: LoadSettings): boolean {
    return this.report !== undefined && this.#opened === this.wanted && !sameLoad(this.report.load, load);
  }

  chooseDemo(): void {
    this.way = 'demo';
    keep(storageKey, undefined);
    if (this.wanted.kind !== 'demo' || this.error || this.stopped) this.#want({ kind: 'demo' }, '');
  }

  chooseFiles({ name, files }: PickedFiles): void {
    keep(storageKey, { folder: name });
    this.#want({ kind: 'files', name, files }, name);
  }

  /** Opens a model of the hub or of storage; what is missing of it is downloaded. */
  choose(source: CandidateSource, name: string): void {
    if (source.kind === 'hub') keep(storageKey, source);
    this.#want(source, name);
  }

  /** Puts the error away. The model stays unopened until the visitor asks for it again. */
  dismiss(): void {
    if (this.error) this.stopped = true;
    this.error = undefined;
  }

  /** Opens again what failed, was stopped, or is to be loaded otherwise. */
  again(): void {
    const { report } = this;
    const hub = this.wanted.kind === 'stored' && report?.repo !== undefined;
    // A stored base is as it was made: loaded otherwise, it comes from where it came from.
    if (hub) this.#want({ kind: 'hub', repo: report.repo, revision: report.commit ?? 'main' }, report.name);
    else this.#want({ ...this.wanted }, this.#wantedName);
  }

  /** Ends the opening; what has arrived of a download stays. */
  async stop(): Promise<void> {
    this.stopping = true;
    try {
      await this.#engine.remote.models.stopOpening();
    } catch (error) {
      this.error = describeError(error);
      this.stopping = false;
    }
  }

  /** Opens the wanted model. True when it is open; false when it could not be, and `error` or `stopped` says why. */
  async open(load: LoadSettings): Promise<boolean> {
    const source = this.wanted;
    this.error = undefined;
    this.stopped = false;
    if (source.kind === 'files' && source.files.length === 0) {
      this.error = describeError(
        new TunesmithError({ code: 'choose_model_again', values: { name: source.name } }),
      );
      this.#failed = { source, load };
      return false;
    }
    this.report = undefined;
    try {
      this.report = await withProgress(
        message('model_opening'),
        (progress) => (this.progress = progress),
        (onProgress) => this.#engine.remote.models.open(source, load, onProgress),
      );
      this.#opened = source;
      return true;
    } catch (error) {
      const description = describeError(error);
      if (description.code === ABORTED) this.stopped = true;
      else this.error = description;
      this.#failed = { source, load };
      return false;
    } finally {
      this.stopping = false;
    }
  }

  /** Takes over the model that a former run has opened. */
  async adopt(): Promise<void> {
    const report = await this.#engine.remote.models.report();
    this.#want(this.wanted, this.#wantedName);
    this.report = report;
    if (!report) return;
    const { name, source, repo, commit } = report;
    if (source === 'demo') this.wanted = { kind: 'demo' };
    else if (source === 'hub' && repo !== undefined)
      this.wanted = { kind: 'hub', repo, ...(commit !== undefined && { revision: commit }) };
    // Its files are in the engine's storage, not in the page's hands.
    else this.wanted = { kind: 'files', name, files: [] };
    this.#wantedName = name;
    this.#opened = this.wanted;
    this.way = wayOf(this.wanted);
  }

  /** If the engine has another model open than the page shows, the page opens its own again. */
  async compare(): Promise<void> {
    const report = await this.#engine.remote.models.report();
    if (JSON.stringify(report) !== JSON.stringify(this.report)) this.#opened = undefined;
  }

  get #opensByItself(): boolean {
    return this.wanted.kind === 'demo' || this.wanted.kind === 'files';
  }

  #want(source: ModelSource, name: string): void {
    this.error = undefined;
    this.stopped = false;
    this.former = undefined;
    this.wanted = source;
    this.#wantedName = name;
  }
}

export function wayOf({ kind }: ModelSource): Way {
  return kind === 'files' ? 'disk' : kind === 'stored' ? 'kept' : kind;
}

function sameLoad(a: LoadSettings, b: LoadSettings): boolean {
  return loadKey(a) === loadKey(b);
}
