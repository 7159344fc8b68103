import { object, string } from 'valibot';
import { describeError, type ErrorDescription } from '../../core/errors';
import type { LoadSettings, ModelReport, ModelSource, Progress } from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import type { PickedFiles } from '../shared/files';
import { keep, readKept } from '../shared/persist';
import { withProgress } from '../shared/progress';
import { text } from './text';

const storageKey = 'model';

/** Which model is wanted, which one is open, and the way from one to the other. */
export class ModelState {
  readonly #engine: EngineState;
  wanted: ModelSource = $state.raw({ kind: 'demo' });
  report: ModelReport | undefined = $state.raw();
  progress: Progress | undefined = $state.raw();
  error: ErrorDescription | undefined = $state.raw();
  /** The source that `report` is of. */
  #opened: ModelSource | undefined = $state.raw();
  /** Name of the folder used before a reload: the browser does not hand its files out again by itself. */
  formerFolder: string | undefined = $state(readKept(storageKey, object({ folder: string() }))?.folder);

  readonly busy = $derived(this.progress !== undefined);

  constructor(engine: EngineState) {
    this.#engine = engine;
  }

  /** Whether what is open is what is wanted, loaded as wanted. */
  isOpen(load: LoadSettings): boolean {
    const { report } = this;
    return (
      report !== undefined &&
      this.#opened === this.wanted &&
      report.load.load_in_4bit === load.load_in_4bit &&
      report.load.bnb_4bit_use_double_quant === load.bnb_4bit_use_double_quant &&
      report.load.dtype === load.dtype
    );
  }

  chooseDemo(): void {
    this.error = undefined;
    this.formerFolder = undefined;
    keep(storageKey, undefined);
    if (this.wanted.kind !== 'demo') this.wanted = { kind: 'demo' };
  }

  chooseFiles({ name, files }: PickedFiles): void {
    this.error = undefined;
    this.formerFolder = undefined;
    keep(storageKey, { folder: name });
    this.wanted = { kind: 'files', name, files };
  }

  /** Opens the wanted model. True when it is open; false when it could not be, and `error` says why. */
  async open(load: LoadSettings): Promise<boolean> {
    const source = this.wanted;
    this.error = undefined;
    if (source.kind === 'files' && source.files.length === 0) {
      this.error = text.chooseAgain(source.name);
      return false;
    }
    this.report = undefined;
    try {
      this.report = await withProgress(
        text.opening,
        (progress) => (this.progress = progress),
        (onProgress) => this.#engine.remote.openModel(source, load, onProgress),
      );
      this.#opened = source;
      return true;
    } catch (error) {
      this.error = describeError(error);
      return false;
    }
  }

  /** Takes over the model that a former run has opened. */
  async adopt(): Promise<void> {
    this.error = undefined;
    this.formerFolder = undefined;
    const report = await this.#engine.remote.model();
    this.report = report;
    if (!report) return;
    // Its files are in the engine's storage, not in the page's hands.
    this.wanted =
      report.source === 'demo' ? { kind: 'demo' } : { kind: 'files', name: report.name, files: [] };
    this.#opened = this.wanted;
  }
}
