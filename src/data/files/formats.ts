import type { FileReader } from '../../core/file_reader';
import { message } from '../../core/messages/message';
import { CSV } from './csv';
import { encodingOf } from './found_encoding';
import { DataFault } from './fault';
import { unsupportedKind } from './unsupported_kind';
import type { BinaryFormat, DataFormat, Entry, FileOptions, FormatSource } from './format';
import { JSON_RECORDS } from './json';
import { PARQUET } from './parquet';
import { PLAIN_TEXT } from './plain_text';
import { XLSX } from './xlsx';

/** All formats of examples. A format whose content is recognised more reliably comes first. */
const TEXT_FORMATS: readonly DataFormat[] = [PLAIN_TEXT, JSON_RECORDS, CSV];
const BINARY_FORMATS: readonly BinaryFormat[] = [PARQUET, XLSX];
const FORMATS = [JSON_RECORDS, CSV, ...BINARY_FORMATS, PLAIN_TEXT];

/** Endings of files that contain files of examples. */
const ARCHIVE_ENDINGS = ['.gz', '.zip'];
/** File name endings of examples. */
export const DATA_ENDINGS: readonly string[] = [
  ...FORMATS.flatMap(({ endings }) => endings),
  ...ARCHIVE_ENDINGS,
];
export const DATA_MEDIA_TYPES: readonly string[] = FORMATS.flatMap(({ mediaTypes }) => mediaTypes);
/** For people: JSON, JSONL, CSV, TSV. */
export const DATA_FORMAT_NAMES: readonly string[] = FORMATS.flatMap(({ names }) => names);

const HEAD = 4096;

/** Texts about a data set, which lie beside its files. */
const ABOUT = /(?:^|[/\\])(?:readme|licen[cs]e|notice|changelog|citation)[^/\\]*$/i;

/** Whether a file name has the ending of a known format, or of a packed file of one. */
export function isDataFile(name: string): boolean {
  if (ABOUT.test(name)) return false;
  return /\.zip$/i.test(name) || FORMATS.some((format) => hasEnding(format, name));
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
  const binary = BINARY_FORMATS.find((one) => one.fitsBytes(head, unpackedName(file.name)));
  if (binary) {
    tell({ format: nameOf(binary, file.name) });
    yield* binary.entries({ file, options, tell });
    return;
  }
  const kind = unsupportedKind(head);
  if (kind !== undefined) throw new DataFault({ code: 'foreign', reason: message('file_foreign', { kind }) });
  const encoding = await encodingOf(file, options.encoding);
  tell({ encoding: encoding.label, encodingGuessed: encoding.guessed });
  // Decoded leniently, only to choose the format. The format itself decodes strictly.
  const text = new TextDecoder(encoding.label).decode(head).trimStart();
  const format =
    TEXT_FORMATS.find((one) => one.fits(text, unpackedName(file.name))) ??
    textByEnding(file.name) ??
    JSON_RECORDS;
  tell({ format: nameOf(format, file.name) });
  yield* format.entries({ file, encoding, options, tell });
}

/** A file's name in lower case, without the ending of compressed files. */
function unpackedName(name: string): string {
  return name.toLowerCase().replace(/\.gz$/, '');
}

/** Whether the format of a file reads it out of order. */
export function needsAnyPlace(head: Uint8Array, name: string): boolean {
  return BINARY_FORMATS.some((one) => one.fitsBytes(head, unpackedName(name)));
}

/** The name of a format, by the ending of the file if the format has several. */
function nameOf({ names, endings }: Pick<DataFormat, 'names' | 'endings'>, file: string): string {
  const ending = endings
    .find((one) => unpackedName(file).endsWith(one))
    ?.slice(1)
    .toUpperCase();
  return names.find((name) => name === ending) ?? names[0] ?? '';
}

function textByEnding(name: string): DataFormat | undefined {
  return TEXT_FORMATS.find((format) => hasEnding(format, name));
}

function hasEnding({ endings }: Pick<DataFormat, 'endings'>, name: string): boolean {
  return endings.some((ending) => unpackedName(name).endsWith(ending));
}
