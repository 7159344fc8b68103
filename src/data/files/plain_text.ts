import { message } from '../../core/messages/message';
import { CSV } from './csv';
import { DataFault, MOST_RECORD, tooLong } from './fault';
import type { DataFormat, Entry, FormatSource } from './format';
import { textOf } from './text';

/**
 * Plain text and Markdown: the whole file is one document. A .txt file that begins as JSON or as a table of examples is
 * read as that.
 */
export const PLAIN_TEXT: DataFormat = {
  names: ['TXT', 'Markdown'],
  endings: ['.txt', '.md', '.markdown'],
  mediaTypes: ['text/plain', 'text/markdown'],
  fits: (head, name) =>
    /\.(?:md|markdown)$/i.test(name) ||
    (/\.txt$/i.test(name) && !/^(?:\[\s*[[{"]|\{\s*")/.test(head) && !CSV.fits(head, name)),
  entries: entriesOfText,
};

async function* entriesOfText({ file, encoding }: FormatSource): AsyncGenerator<Entry, void, void> {
  const parts: string[] = [];
  let length = 0;
  for await (const piece of textOf(file, encoding)) {
    parts.push(piece);
    length += piece.length;
    if (length > MOST_RECORD) throw tooLong(1);
  }
  const text = parts.join('');
  if (text.trim() === '') throw new DataFault({ code: 'empty', reason: message('file_empty') });
  yield { value: { text }, line: 1 };
}
