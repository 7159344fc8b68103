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

/** The ways to choose a model that the page offers. */
export type Way = 'demo' | 'hub' | 'disk' | 'kept';

/** The chosen model, the open model, and the opening. */
export class ModelState {
  readonly #engine: EngineState;
  wanted: ModelSource = $state.raw({ kind: 'demo' });
  /** The chosen model's name before it is open. */
  #wantedName = $state('');
  /** The way that is shown. The model stays the same until another is chosen. */
  way: Way = $state('demo');
  report: ModelReport | undefined = $state.raw();
  progress: Progress | undefined = $state.raw();
  error: ErrorDescription | undefined = $state.raw();
  /** Whether the visitor stopped the opening. */
  stopped = $state(false);
  /** Whether it was an error instead of a stop, which the visitor has dismissed. */
  dismissed = $state(false);
  /** Whether a stop was requested and has not taken effect yet. */
  stopping = $state(false);
  /** The source of `report`. */
  #opened: ModelSource | undefined = $state.raw();
  /** The source and the load settings that failed or were stopped. */
  #failed: { readonly source: ModelSource; readonly load: LoadSettings } | undefined;
  /** The model from before a reload. The browser does not give access to a folder's files again by itself. */
  former = $state.raw(readKept(storageKey, formerSchema));

  readonly busy = $derived(this.progress !== undefined);
  /**
   * Whether an opening that may take long is running; the choice is locked meanwhile. The demo is quick and is opened
   * unasked.
   */
  readonly busyLong = $derived(this.busy && this.wanted.kind !== 'demo');
  /** Whether a model from the hub or from storage is not open and waits for a request to open it. */
  readonly halted = $derived(
    (this.wanted.kind === 'hub' || this.wanted.kind === 'stored') &&
      (this.stopped || this.error !== undefined),
  );
  readonly name = $derived(this.report?.name ?? this.#wantedName);

  constructor(engine: EngineState) {
    this.#engine = engine;
  }

  /** Whether the chosen model is open with these load settings. */
  isOpen(load: LoadSettings): boolean {
    if (this.report === undefined || this.#opened !== this.wanted) return false;
    // A downloaded model, or its stored copy, is loaded with other settings only on request: see `differs`.
    return !this.#opensByItself || sameLoad(this.report.load, load);
  }

  /** Whether the page may open the chosen model by itself. After a failure or a stop, it waits for a request. */
  mayOpen(load: LoadSettings): boolean {
    if (this.#failed?.source !== this.wanted) return true;
    return this.#opensByItself && !sameLoad(this.#failed.load, load);
  }

  /** Whether the open model was loaded with other settings than the present ones. */
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

  /** Opens a model of the hub or of storage; downloads its missing files. */
  choose(source: CandidateSource, name: string): void {
    if (source.kind === 'hub') keep(storageKey, source);
    this.#want(source, name);
  }

  /** Dismisses the error. The model stays closed until the visitor asks for it again. */
  dismiss(): void {
    if (this.error) this.stopped = this.dismissed = true;
    this.error = undefined;
  }

  /** Opens the model again after a failure or a stop, or with other load settings. */
  again(): void {
    const { report } = this;
    const hub = this.wanted.kind === 'stored' && report?.repo !== undefined;
    // A stored base has fixed load settings; with others, the model comes from its original source.
    if (hub) this.#want({ kind: 'hub', repo: report.repo, revision: report.commit ?? 'main' }, report.name);
    else this.#want({ ...this.wanted }, this.#wantedName);
  }

  /** Stops the opening; keeps the downloaded parts. */
  async stop(): Promise<void> {
    this.stopping = true;
    try {
      await this.#engine.remote.models.stopOpening();
    } catch (error) {
      this.error = describeError(error);
      this.stopping = false;
    }
  }

  /** Opens the chosen model. Returns whether it is open; if not, `error` or `stopped` says why. */
  async open(load: LoadSettings): Promise<boolean> {
    const source = this.wanted;
    this.error = undefined;
    this.stopped = this.dismissed = false;
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

  /** Shows the model that a past run has opened. */
  async adopt(): Promise<void> {
    const report = await this.#engine.remote.models.report();
    this.#want(this.wanted, this.#wantedName);
    this.report = report;
    if (!report) return;
    const { name, source, repo, commit } = report;
    if (source === 'demo') this.wanted = { kind: 'demo' };
    else if (source === 'hub' && repo !== undefined)
      this.wanted = { kind: 'hub', repo, ...(commit !== undefined && { revision: commit }) };
    // The engine has its files; the page does not.
    else this.wanted = { kind: 'files', name, files: [] };
    this.#wantedName = name;
    this.#opened = this.wanted;
    this.way = wayOf(this.wanted);
  }

  /** If the engine has another model open than the page shows, marks the page's model as not open. */
  async compare(): Promise<void> {
    const report = await this.#engine.remote.models.report();
    if (JSON.stringify(report) !== JSON.stringify(this.report)) this.#opened = undefined;
  }

  get #opensByItself(): boolean {
    return this.wanted.kind === 'demo' || this.wanted.kind === 'files';
  }

  #want(source: ModelSource, name: string): void {
    this.error = undefined;
    this.stopped = this.dismissed = false;
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
