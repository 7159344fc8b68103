import { object, string } from 'valibot';
import { keep, readKept } from '../shared/persist';

const storageKey = 'adapter';
const schema = object({ run: string() });

/** The run whose adapter was open last, stored across reloads. */
export class FormerAdapter {
  /** Its id; undefined if no adapter of a run was open. */
  run: string | undefined = $state(readKept(storageKey, schema)?.run);
  /** Whether it is being opened again. */
  opening = $state(false);
  /** Whether it could not be opened automatically, so that the visitor has to decide. */
  closed = $state(false);

  remember(run: string): void {
    this.run = run;
    this.closed = false;
    keep(storageKey, { run });
  }

  /** Call it when another model or adapter is chosen. */
  forget(): void {
    this.run = undefined;
    this.closed = false;
    keep(storageKey, undefined);
  }
}
