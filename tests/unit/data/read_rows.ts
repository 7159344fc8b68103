import { rowsOf, type Problem, type Row } from '../../../src/data/rows';

/** All rows of a file, and what could not be read. */
export function readRows(file: { readonly name: string; readonly text: string }): {
  rows: Row[];
  problems: Problem[];
} {
  const rows: Row[] = [];
  const problems: Problem[] = [];
  for (const result of rowsOf(file)) {
    if ('sample' in result) rows.push(result);
    else problems.push(result);
  }
  return { rows, problems };
}
