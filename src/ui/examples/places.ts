import type { CleaningExample, ProblemGroup } from '../../worker/protocol';
import { t } from '../language.svelte';
import { EDITS_FILE } from './rows/edits';

/** The place of a row in words. An added row is in no file that a person knows. */
export function placeText({ file, record }: Pick<CleaningExample, 'file' | 'record'>): string {
  const number = t.format.count(record);
  return file === EDITS_FILE ? t.rows.addedRow(number) : t.rows.rowPlace(file, number);
}

/** The file of problems in words. */
export function problemFile({ file, places }: Pick<ProblemGroup, 'file' | 'places'>): string {
  if (file !== EDITS_FILE) return file;
  return places[0]?.record === undefined ? t.rows.changesTitle : t.files.added;
}
