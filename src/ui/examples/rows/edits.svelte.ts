import { blobReader } from '../../../core/file_reader';
import {
  editsText,
  readEdits,
  type AddedRecord,
  type Edits,
  type ExampleFile,
} from '../../../worker/protocol';
import {
  EDITS_FILE,
  NO_EDITS,
  withAccepted,
  withAdded,
  withChange,
  withoutAdded,
  type EditedRow,
  type RowChange,
} from './edits';
import { isOf } from '../files/source_options';

/** Steps that can be undone. */
const MOST_STEPS = 100;

/**
 * The visitor's changes of the table. They are a file among the chosen ones, so that a reload, a run and an export have them
 * too.
 */
export class EditsState {
  edits: Edits = $state.raw(NO_EDITS);
  /** Former edits, the last one at the end. */
  #past: readonly Edits[] = $state.raw([]);
  /** Edits that were undone, the next one at the end. */
  #future: readonly Edits[] = $state.raw([]);
  readonly canUndo = $derived(this.#past.length > 0);
  readonly canRedo = $derived(this.#future.length > 0);
  /** The file of the present edits. */
  #file: ExampleFile | undefined;
  readonly #onChange: (file: ExampleFile | undefined) => void;

  /** @param onChange gets the new file of edits; undefined if there are none */
  constructor(onChange: (file: ExampleFile | undefined) => void) {
    this.#onChange = onChange;
  }

  /** Takes over the edits among files that were chosen anew. They can't be undone, unless they are the present ones. */
  async adopt(files: readonly ExampleFile[]): Promise<void> {
    const file = files.find(({ name }) => name === EDITS_FILE);
    if (file === this.#file) return;
    this.#file = file;
    this.#past = this.#future = [];
    this.edits = NO_EDITS;
    // If they can't be read, the report says so.
    const edits = file && (await readEdits(blobReader(file.name, file.content)).catch(() => NO_EDITS));
    if (edits && file === this.#file) this.edits = edits;
  }

  change(row: EditedRow, change: RowChange): void {
    this.#step(withChange(this.edits, row, change));
  }

  add(...records: readonly AddedRecord[]): void {
    this.#step(withAdded(this.edits, ...records));
  }

  /** Accepts proposed rows. @param records their numbers in the file of edits */
  accept(...records: readonly number[]): void {
    this.#step(withAccepted(this.edits, records));
  }

  /** Throws added rows away. @param records their numbers in the file of edits */
  throwAway(...records: readonly number[]): void {
    this.#step(withoutAdded(this.edits, records));
  }

  /** Drops the changes of a file that is no longer chosen, for good: another file may get its name. */
  forget(file: string): void {
    const kept = (edits: Edits): Edits => {
      const records = edits.records.filter((edit) => !isOf(edit.file, file));
      return records.length < edits.records.length ? { ...edits, records } : edits;
    };
    this.#past = this.#past.map(kept);
    this.#future = this.#future.map(kept);
    const edits = kept(this.edits);
    if (edits !== this.edits) this.#set(edits);
  }

  /** Takes all changes back. */
  reset(): void {
    this.#step(NO_EDITS);
  }

  undo(): void {
    const former = this.#past.at(-1);
    if (!former) return;
    this.#future = [...this.#future, this.edits];
    this.#past = this.#past.slice(0, -1);
    this.#set(former);
  }

  redo(): void {
    const next = this.#future.at(-1);
    if (!next) return;
    this.#past = [...this.#past, this.edits];
    this.#future = this.#future.slice(0, -1);
    this.#set(next);
  }

  #step(edits: Edits): void {
    this.#past = [...this.#past, this.edits].slice(-MOST_STEPS);
    this.#future = [];
    this.#set(edits);
  }

  #set(edits: Edits): void {
    this.edits = edits;
    const isEmpty = edits.records.length + edits.added.length === 0;
    this.#file = isEmpty ? undefined : { name: EDITS_FILE, content: new Blob([editsText(edits)]) };
    this.#onChange(this.#file);
  }
}
