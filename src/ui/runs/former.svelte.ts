import { object, optional, string } from 'valibot';
import { keepHere, readHere } from '../shared/persist';

const storageKey = 'adapter';
const schema = object({ run: optional(string()) });

/** The run whose adapter was open last in this tab, stored across reloads. */
export class FormerAdapter {
  /** Its id; undefined if no adapter of a run was open. */
  run: string | undefined = $state(readHere(storageKey, schema, {}).run);
  /** Whether it is being opened again. */
  opening = $state(false);
  /** Whether it is not open any more, so that the visitor has to decide. */
  closed = $state(false);
  /** Whether that is because its base was opened with other settings. */
  reloaded = $state(false);

  remember(run: string): void {
    this.run = run;
    this.closed = this.reloaded = false;
    keepHere(storageKey, { run });
  }

  /** Call it when the base of the forgotten run has been opened with other settings. The next page does not open the run. */
  leave(run: string): void {
    this.run = run;
    this.closed = this.reloaded = true;
  }

  /** Call it when another model or adapter is chosen. */
  forget(): void {
    this.run = undefined;
    this.closed = this.reloaded = false;
    keepHere(storageKey, {});
  }
}
