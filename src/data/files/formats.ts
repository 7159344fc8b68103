import type { FileReader } from '../../core/file_reader';
import { message } from '../../core/messages/message';
import { CSV } from './csv';
import { encodingOf } from './found_encoding';
import { DataFault } from './fault';
import { unsupportedKind } from './unsupported_kind';
import type { DataFormat, Entry, FileOptions, FormatSource } from './format';
import { JSON_RECORDS } from './json';

/** All formats of examples. A format whose content is recognised more reliably comes first. */
export const FORMATS: readonly DataFormat[] = [JSON_RECORDS, CSV];

/** File name endings of examples. */
export const DATA_ENDINGS: readonly string[] = FORMATS.flatMap(({ endings }) => endings);
export const DATA_MEDIA_TYPES: readonly string[] = FORMATS.flatMap(({ mediaTypes }) => mediaTypes);
/** For people: JSON, JSONL, CSV, TSV. */
export const DATA_FORMAT_NAMES: readonly string[] = FORMATS.flatMap(({ names }) => names);

const HEAD = 4096;

/** Whether a file name has the ending of a known format. */
export function isDataFile(name: string): boolean {
  return byEnding(name) !== undefined;
}

/** How a file is read. */
export interface EntriesOptions {
  readonly options?: FileOptions;
  readonly tell?: FormatSource['tell'];
}

/**
 * The records of a file. The content decides the format; if it does not, the name does.
 *
 * @throws DataFault if the file has none of the formats, or if its format throws it
 */
export async function* entriesOf(
  file: FileReader,
  { options = {}, tell = () => undefined }: EntriesOptions = {},
): AsyncGenerator<Entry, void, void> {
  const head = await file.read(0, Math.min(HEAD, file.size));
  if (head.length === 0) throw new DataFault({ code: 'empty', reason: message('file_empty') });
  const kind = unsupportedKind(head);
  if (kind !== undefined) throw new DataFault({ code: 'foreign', reason: message('file_foreign', { kind }) });
  const encoding = await encodingOf(file, options.encoding);
  tell({ encoding: encoding.label, encodingGuessed: encoding.guessed });
  // Decoded leniently, only to choose the format. The format itself decodes strictly.
  const text = new TextDecoder(encoding.label).decode(head).trimStart();
  const format = FORMATS.find((one) => one.fits(text)) ?? byEnding(file.name) ?? JSON_RECORDS;
  tell({ format: nameOf(format, file.name) });
  yield* format.entries({ file, encoding, options, tell });
}

/** The name of a format, by the ending of the file if the format has several. */
function nameOf({ names, endings }: DataFormat, file: string): string {
  const ending = endings
    .find((one) => file.toLowerCase().endsWith(one))
    ?.slice(1)
    .toUpperCase();
  return names.find((name) => name === ending) ?? names[0] ?? '';
}

function byEnding(name: string): DataFormat | undefined {
  const lower = name.toLowerCase();
  return FORMATS.find(({ endings }) => endings.some((ending) => lower.endsWith(ending)));
}
