import type { FileReader } from '../../core/file_reader';
import type { Entry } from '../../data/files/format';
import { MOST_RECORD, tooLong } from '../../data/files/fault';
import { encodingOf } from '../../data/files/found_encoding';
import { textOf } from '../../data/files/text';

/** The lines of a text file as rows, the empty ones too, as `datasets` reads it (packaged_modules/text). */
export async function* textRows(file: FileReader, encoding?: string): AsyncGenerator<Entry, void, void> {
  let line = 0;
  let rest = '';
  for await (const piece of textOf(file, await encodingOf(file, encoding))) {
    // A line break of two characters may lie across two pieces.
    const lines = (rest + piece).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    if (rest.length > MOST_RECORD) throw tooLong(line + lines.length + 1);
    for (const text of lines) yield { value: { text }, line: ++line };
  }
  if (rest !== '') yield { value: { text: rest.replace(/\r$/, '') }, line: line + 1 };
}
