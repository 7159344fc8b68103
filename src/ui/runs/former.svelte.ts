import { object, string } from 'valibot';
import { keep, readKept } from '../shared/persist';

const storageKey = 'adapter';
const schema = object({ run: string() });

/** The run whose adapter was open last, remembered over a reload. */
export class FormerAdapter {
  /** Its id; undefined if no adapter of a run was open. */
  run: string | undefined = $state(readKept(storageKey, schema)?.run);
  /** It is being opened again. */
  opening = $state(false);
  /** It could not be opened by itself: the visitor is told so, and may do it. */
  closed = $state(false);

  remember(run: string): void {
    this.run = run;
    this.closed = false;
    keep(storageKey, { run });
  }

  /** Another model or another adapter is wanted. */
  forget(): void {
    this.run = undefined;
    this.closed = false;
    keep(storageKey, undefined);
  }
}
