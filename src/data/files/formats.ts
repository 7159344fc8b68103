import type { FileReader } from '../../core/file_reader';
import { message } from '../../core/messages/message';
import { CSV } from './csv';
import { encodingOf } from './encoding';
import { DataFault } from './fault';
import { foreignKind } from './foreign';
import type { DataFormat, Entry } from './format';
import { JSON_RECORDS } from './json';

/** Every kind of file that examples are read from, those before others that are told by their content most surely. */
export const FORMATS: readonly DataFormat[] = [JSON_RECORDS, CSV];

/** How the names of files of examples end. */
export const DATA_ENDINGS: readonly string[] = FORMATS.flatMap(({ endings }) => endings);
export const DATA_MEDIA_TYPES: readonly string[] = FORMATS.flatMap(({ mediaTypes }) => mediaTypes);
/** For people: "JSON, JSONL, CSV, TSV". */
export const DATA_FORMAT_NAMES = FORMATS.map(({ name }) => name).join(', ');

const HEAD = 4096;

/** Whether a name ends as those of files of examples do. */
export function isDataFile(name: string): boolean {
  return byEnding(name) !== undefined;
}

/**
 * The records of a file, whose format its content tells, or else its name.
 *
 * @throws DataFault if the file is none of the formats, or as they throw
 */
export async function* entriesOf(file: FileReader): AsyncGenerator<Entry, void, void> {
  const head = await file.read(0, Math.min(HEAD, file.size));
  if (head.length === 0) throw new DataFault({ code: 'empty', reason: message('file_empty') });
  const kind = foreignKind(head);
  if (kind !== undefined) throw new DataFault({ code: 'foreign', reason: message('file_foreign', { kind }) });
  const encoding = encodingOf(head);
  // Only a look at it: the format decodes it strictly.
  const text = 'label' in encoding ? new TextDecoder(encoding.label).decode(head).trimStart() : '';
  const format = FORMATS.find((one) => one.fits(text)) ?? byEnding(file.name) ?? JSON_RECORDS;
  yield* format.entries(file);
}

function byEnding(name: string): DataFormat | undefined {
  const lower = name.toLowerCase();
  return FORMATS.find(({ endings }) => endings.some((ending) => lower.endsWith(ending)));
}
