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
  /** Whether it could not be opened automatically, so that the visitor has to decide. */
  closed = $state(false);

  remember(run: string): void {
    this.run = run;
    this.closed = false;
    keepHere(storageKey, { run });
  }

  /** Call it when another model or adapter is chosen. */
  forget(): void {
    this.run = undefined;
    this.closed = false;
    keepHere(storageKey, {});
  }
}
