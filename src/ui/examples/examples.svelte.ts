import { ABORTED, describeError, type ErrorDescription } from '../../core/errors';
import { message } from '../../core/messages/message';
import type { TrainSettings } from '../../core/settings/settings';
import {
  isEdits,
  isDatasetInfo,
  type DataReport,
  type ExampleFile,
  type PreviewExample,
  type Progress,
} from '../../worker/protocol';
import type { EngineState } from '../engine.svelte';
import { withProgress } from '../shared/progress';
import { t } from '../language.svelte';
import type { SourceReport } from './files/columns';
import { isOf } from './files/source_options';
import { EDITS_FILE } from './rows/edits';
import type { ExamplesView } from './views';
import { EditsState } from './rows/edits.svelte';
import { KeptFiles } from './files/kept_files';
import { numbered } from './files/numbered';
import { RowsState } from './rows/rows.svelte';
import { sameBytes, sameFiles } from './files/same_files';

/** Larger files are not stored across reloads. */
const KEPT_BYTES = 200_000_000;
/** Bytes at the beginning of a file by which edits are known. */
const EDITS_HEAD = 64;

/** Text being pasted. Once it is used, it has a file's name. */
interface Draft {
  readonly text: string;
  readonly name?: string;
}

/** The chosen examples, the engine's report on them, and a preview of some. */
export class ExamplesState {
  readonly #engine: EngineState;
  readonly #kept = new KeptFiles();
  /** The visitor's own files; the demo's are used if there are none and `own` is not chosen. */
  files: readonly ExampleFile[] = $state.raw([]);
  own = $state(false);
  report: DataReport | undefined = $state.raw();
  error: ErrorDescription | undefined = $state.raw();
  busy = $state(false);
  /** The progress of reading large files. */
  progress: Progress | undefined = $state.raw();
  /** Whether the visitor stopped the reading. */
  stopped = $state(false);
  /** Whether it was an error instead of a stop, which the visitor has dismissed. */
  dismissed = $state(false);

  previews: readonly PreviewExample[] = $state.raw([]);
  firstPreview = $state(0);
  /** Number of examples shown at once. */
  pageSize = $state(3);
  previewError: ErrorDescription | undefined = $state.raw();
  /** Number of the newest request for a page. */
  #previewTurn = 0;

  /** Set after a reload if the visitor's own files were too large to store. */
  lacksFiles = $state(false);

  /** The visitor's own files from before a run's examples replaced them. */
  replaced: readonly ExampleFile[] | undefined = $state.raw();

  /** The part of the step that is shown. */
  view: ExamplesView = $state('files');

  /** The visitor's changes of single rows. */
  readonly edits = new EditsState((file) => void this.#edit(file));
  /** The table of all rows. */
  readonly rows: RowsState;

  /** The visitor's files without that of the changes. */
  readonly sources: readonly ExampleFile[] = $derived(this.files.filter(({ name }) => name !== EDITS_FILE));

  /** The files as they were last read. An error does not forget them: how they are read may be its reason. */
  #read: readonly SourceReport[] = $state.raw([]);

  /** The files that the visitor may read or use in another way, those in archives included. */
  readonly panels: readonly SourceReport[] = $derived.by(() => {
    if (!this.own) return [];
    return this.sources.flatMap(({ name }) => {
      const read = this.#read.filter((source) => isOf(source.name, name));
      if (read.length > 0) return read.filter(({ format, encoding }) => (format ?? encoding) !== undefined);
      return this.error ? [unreadSource(name)] : [];
    });
  });

  /** Whether there is nothing to train on: no files, or no usable record in them. */
  readonly empty = $derived(
    this.report?.obstacle !== undefined ||
      (this.own && (this.files.length === 0 || this.report?.examples === 0)),
  );

  /** The visitor's files of which no record can be used. */
  readonly unusable: readonly string[] = $derived.by(() => {
    const { report } = this;
    if (!this.own || !report) return [];
    // The settings may leave files out, which then are no sources.
    const wasRead = (name: string): boolean => report.sources.some((source) => isOf(source.name, name));
    const names = this.sources.map(({ name }) => name).filter((name) => !isDatasetInfo(name));
    return names.filter((name) => !report.files.includes(name) && wasRead(name));
  });

  /** The text being pasted, until it has become examples. */
  draft: Draft | undefined = $state.raw();

  /** Whether the visitor has chosen others since the last run began or was opened. */
  changed = $state(false);

  /** Changes whenever other files are chosen. */
  choice = $state(0);
  /** Changes whenever the chosen examples change. */
  revision = $state(0);
  /** The revision that the report is of. */
  #reported = $state(0);
  /** Whether the report is of the present changes, so that the numbers of its added rows are right. */
  readonly settled = $derived(this.#reported === this.revision);

  /** Whether the visitor has to choose the files again after a reload. */
  readonly tooLargeToKeep = $derived(
    this.files.reduce((sum, { content }) => sum + content.size, 0) > KEPT_BYTES,
  );

  readonly #onRemove: (name: string) => void;

  /** @param onRemove is told the name of a file that the visitor removes */
  constructor(engine: EngineState, onRemove: (name: string) => void = () => undefined) {
    this.#engine = engine;
    this.#onRemove = onRemove;
    this.rows = new RowsState(engine);
  }

  async restore(): Promise<void> {
    const kept = await this.#kept.read();
    // The visitor may have chosen files before the storage answered.
    if (!kept || this.own) return;
    this.lacksFiles = kept.areMissing;
    this.files = kept.files;
    this.own = true;
    this.revision++;
    await this.edits.adopt(this.files);
  }

  chooseDemo(): void {
    this.own = false;
    this.#changed();
    void this.edits.adopt([]);
  }

  chooseOwn(): void {
    this.own = true;
    this.#changed();
    void this.edits.adopt(this.files);
  }

  /** Adds files. A file with the name of another gets a number, unless it is the same file. */
  async add(files: readonly (File | ExampleFile)[]): Promise<void> {
    for (const file of files) {
      const content = 'content' in file ? file.content : file;
      const ofEdits = await areEdits(content);
      // Only the file of edits has its name.
      const base = ofEdits ? EDITS_FILE : file.name;
      const namesakes = this.files.filter(({ name }) => name === base || isNumbered(name, base));
      const same = await Promise.all(namesakes.map((each) => sameBytes(each.content, content)));
      if (same.includes(true)) continue;
      let number = base === EDITS_FILE && !ofEdits ? 2 : 1;
      while (this.files.some(({ name }) => name === withNumber(base, number))) number++;
      this.files = [...this.files, { name: withNumber(base, number), content }];
    }
    this.chooseOwn();
  }

  /** Begins or changes the text to paste. */
  write(text: string): void {
    this.draft = { ...this.draft, text };
  }

  /** Adds the pasted text as a file, in place of its former version if that could not be used. */
  paste(): void {
    const { draft } = this;
    if (!draft) return;
    const others = this.files.filter(({ name }) => name !== draft.name);
    let number = 1;
    while (others.some(({ name }) => name === t.examples.pastedName(number))) number++;
    const name = draft.name ?? t.examples.pastedName(number);
    this.draft = { ...draft, name };
    this.files = [...others, { name, content: new Blob([draft.text]) }];
    this.chooseOwn();
  }

  /** Gives up the text being pasted, and its file. */
  cancelPaste(): void {
    const { name } = this.draft ?? {};
    this.draft = undefined;
    if (name !== undefined) this.remove(name);
  }

  remove(name: string): void {
    this.files = this.files.filter((file) => file.name !== name);
    this.edits.forget(name);
    this.#onRemove(name);
    this.#changed();
  }

  /** Sends the chosen examples to the engine. Returns whether some can be trained on. */
  async load(settings: TrainSettings): Promise<boolean> {
    const { revision } = this;
    this.busy = true;
    this.error = undefined;
    this.stopped = this.dismissed = false;
    try {
      const { remote } = this.#engine;
      const files = this.own ? this.files : [await remote.examples.demo()];
      const read = () =>
        withProgress(
          message('examples_reading'),
          (progress) => (this.progress = progress),
          (onProgress) => remote.examples.set(numbered(files), settings, onProgress),
        );
      const report = files.length === 0 ? undefined : await read();
      // Other examples were chosen meanwhile.
      if (revision !== this.revision) return false;
      this.report = report;
      this.#reported = revision;
      this.#read = report?.sources ?? [];
      const { name } = this.draft ?? {};
      if (name !== undefined && report?.files.includes(name)) this.draft = undefined;
      await this.show(Math.min(this.firstPreview, Math.max(0, (this.report?.examples ?? 0) - 1)));
      return this.report !== undefined && this.report.examples > 0 && !this.report.obstacle;
    } catch (error) {
      this.report = undefined;
      this.previews = [];
      const description = describeError(error);
      if (description.code === ABORTED) this.stopped = true;
      else this.error = description;
      return false;
    } finally {
      this.busy = false;
    }
  }

  /** Stops the reading of large files. */
  async stop(): Promise<void> {
    await this.#engine.remote.examples.stop();
  }

  /** Dismisses the error. The files stay unread until the visitor asks for them again. */
  dismiss(): void {
    if (this.error) this.stopped = this.dismissed = true;
    this.error = undefined;
  }

  /** Reads again after a stop. */
  again(): void {
    this.revision++;
  }

  /** Shows the page of examples that starts at `first`. */
  async show(first: number): Promise<void> {
    const { pageSize } = this;
    const start = Math.floor(first / pageSize) * pageSize;
    this.previewError = undefined;
    const turn = ++this.#previewTurn;
    try {
      const wanted = this.report && this.report.examples > 0;
      const previews = wanted ? await this.#engine.remote.examples.preview(start, pageSize) : [];
      if (turn !== this.#previewTurn) return;
      this.previews = previews;
      this.firstPreview = start;
    } catch (error) {
      if (turn === this.#previewTurn) this.previewError = describeError(error);
    }
  }

  /** Shows this many examples at once, near the present place. */
  async showAtOnce(count: number): Promise<void> {
    if (count === this.pageSize) return;
    this.pageSize = count;
    if (this.previews.length > 0) await this.show(this.firstPreview);
  }

  /** Chooses the examples of a past run, which the engine has already read. */
  async adopt(files: readonly ExampleFile[]): Promise<void> {
    if (!(await this.shows(files))) {
      this.own = !(await this.#areDemo(files));
      if (this.own && !(await sameFiles(files, this.files))) {
        if (this.files.length > 0) this.replaced = this.files;
        this.files = files;
      }
      this.#changed();
      await this.edits.adopt(this.own ? this.files : []);
    }
    this.changed = false;
    await this.showRead();
  }

  /** Shows the examples that the engine has read. */
  async showRead(): Promise<void> {
    this.error = undefined;
    this.stopped = this.dismissed = false;
    const { revision } = this;
    this.report = await this.#engine.remote.examples.report();
    this.#reported = revision;
    this.#read = this.report?.sources ?? [];
    await this.show(0);
  }

  /** Whether these are the chosen files. */
  async shows(files: readonly ExampleFile[]): Promise<boolean> {
    return this.own ? await sameFiles(files, this.files) : await this.#areDemo(files);
  }

  /** Restores the files from before a run's examples replaced them. */
  putBack(): void {
    this.files = this.replaced ?? this.files;
    this.chooseOwn();
  }

  /** Takes the new file of edits. The report stays until the rows are read again. */
  async #edit(file: ExampleFile | undefined): Promise<void> {
    const files = this.own ? this.sources : [await this.#engine.remote.examples.demo()];
    if (!this.own && this.files.length > 0) this.replaced = this.files;
    this.files = file ? [...files, file] : files;
    this.own = true;
    this.revision++;
    this.changed = true;
    this.#keep();
  }

  #keep(): void {
    const own = this.own && this.files.length > 0;
    void this.#kept.keep(own ? this.files : undefined, this.tooLargeToKeep);
  }

  async #areDemo(files: readonly ExampleFile[]): Promise<boolean> {
    return await sameFiles(files, [await this.#engine.remote.examples.demo()]);
  }

  #changed(): void {
    if (this.replaced === this.files) this.replaced = undefined;
    // Stops reading files that are no longer chosen.
    if (this.progress) void this.stop();
    this.report = undefined;
    this.previews = [];
    // A change of a row that is shown must never reach a record of other files.
    this.rows.clear();
    this.choice++;
    this.revision++;
    this.changed = true;
    this.firstPreview = 0;
    this.lacksFiles = false;
    this.#keep();
  }
}

/** A file of which nothing is known yet. */
function unreadSource(name: string): SourceReport {
  const counts = { records: 0, examples: 0, trained: 0, heldOut: 0, unrecognised: 0 };
  return { name, ...counts, columns: [], guess: undefined, options: {} };
}

async function areEdits(content: Blob): Promise<boolean> {
  return isEdits(await content.slice(0, EDITS_HEAD).text());
}

/** Adds a number to a file name: `train (2).jsonl`. */
function withNumber(name: string, number: number): string {
  if (number < 2) return name;
  const dot = name.lastIndexOf('.');
  return dot > 0 ? `${name.slice(0, dot)} (${number})${name.slice(dot)}` : `${name} (${number})`;
}

function isNumbered(name: string, original: string): boolean {
  const number = Number(/ \((\d+)\)(?:\.[^.]*)?$/.exec(name)?.[1]);
  return name === withNumber(original, number);
}
