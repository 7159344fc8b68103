import type { FileReader } from '../../core/file_reader';
import { DataFault } from '../../data/files/fault';
import type { FileFacts } from '../../data/files/format';
import type { AddedRecord } from '../../data/edits';
import type { Mapping } from '../../data/shapes';
import { FoundColumns, type FoundColumn } from '../../data/shapes/found_columns';
import { guessMapping } from '../../data/shapes/guess';
import { addedIn, type DataSource } from './data_source';
import type { ParsedFiles, ParsedRecord } from './parsed_files';

/** Numbers of examples. */
export interface ReadCounts {
  /** Examples that were cut. */
  truncated: number;
  conversations: number;
  /** Records with a text or an answer that no special token ends. */
  endless: number;
  /** Records that compare two answers. */
  compared: number;
  /** Records that say whether an answer is good. */
  judged: number;
  /** Records whose loss, or that of an answer in them, has a weight. */
  weighted: number;
}

/** Facts about a file that was read. */
export interface ReadFacts extends FileFacts {
  readonly name: string;
  /** Records that were read, those with a fault included. */
  readonly records: number;
  readonly examples: number;
  /** The columns of its first records. */
  readonly columns: readonly FoundColumn[];
  /** A guess of what its columns mean. */
  readonly guess: Mapping | undefined;
  /** Records whose columns are not recognised. */
  readonly unrecognised: number;
}

/** The records of a source in order. @throws DataFault if the source can't be used; possibly only after some of them */
export function recordsIn(
  source: DataSource,
  parsed: ParsedFiles,
  reader?: FileReader,
): AsyncIterable<ParsedRecord> | Iterable<ParsedRecord> {
  const { added } = source;
  return added === undefined ? parsed.records(source, reader) : addedRecords(added);
}

function* addedRecords(added: readonly AddedRecord[] | DataFault): Generator<ParsedRecord, void, void> {
  if (added instanceof DataFault) throw added;
  for (const [index, { value }] of added.entries()) {
    yield { record: index + 1, entry: () => Promise.resolve({ value }) };
  }
}

/** Facts about a source whose records were read. */
export function factsAbout(
  source: DataSource,
  parsed: ParsedFiles,
  counts: Pick<ReadFacts, 'records' | 'examples' | 'unrecognised'>,
): ReadFacts {
  const { file, added } = source;
  const { facts, columns } = added === undefined ? parsed.about(file) : aboutAdded(source);
  const guess = guessMapping(columns.values);
  return { name: file.name, ...facts, ...counts, columns: columns.columns, guess };
}

function aboutAdded(source: DataSource): { readonly facts: FileFacts; readonly columns: FoundColumns } {
  const columns = new FoundColumns();
  for (const { value } of addedIn(source) ?? []) columns.add(value);
  return { facts: {}, columns };
}
