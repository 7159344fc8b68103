import { message } from '../../core/messages/message';
import { DataFault, MOST_RECORD, tooLong } from './fault';
import type { DataFormat, Entry, FormatSource } from './format';
import { columnsOf, emptyTable, recordOf } from './table_record';
import { delimiterOf, withoutHint } from './table_look';
import { textOf } from './text';

/** Column names by which a table is recognised if the file's name says nothing. */
const KNOWN_COLUMN =
  /^"?(?:instruction|output|input|prompt|completion|question|answer|text|system|messages|conversations|chosen|问题|答案|回答)"?$/i;
/** A column's name, as a sentence at the beginning of a text does not have it behind its commas. */
const NAME = /^(?:"[^"]*"|[^\s"]+)$/;

/**
 * Tables in CSV and TSV: the first line may name the columns, every further one is a record. Every cell is a text; an
 * empty one counts as absent. Quotes are doubled within quotes (RFC 4180).
 */
export const CSV: DataFormat = {
  names: ['CSV', 'TSV'],
  endings: ['.csv', '.tsv'],
  mediaTypes: ['text/csv', 'text/tab-separated-values'],
  fits: (head) => {
    const [line = ''] = withoutHint(head).split(/[\r\n]/);
    const cells = line.split(delimiterOf(head));
    return (
      cells.length > 1 &&
      cells.every((cell) => NAME.test(cell)) &&
      cells.some((cell) => KNOWN_COLUMN.test(cell))
    );
  },
  entries: entriesOfCsv,
};

interface Row {
  readonly cells: readonly string[];
  readonly line: number;
  /** The line that the row ends in. */
  readonly lastLine: number;
  readonly misquoted: boolean;
}

async function* entriesOfCsv(source: FormatSource): AsyncGenerator<Entry, void, void> {
  let columns: readonly string[] | undefined;
  let isEmpty = true;
  for await (const row of rowsOf(source)) {
    const { cells, line, lastLine, misquoted } = row;
    if (cells.every((cell) => cell.trim() === '')) continue;
    if (columns === undefined) {
      const { names, header } = columnsOf(cells, line, source);
      columns = names;
      if (header) continue;
    }
    isEmpty = false;
    const lines = lastLine > line ? { from: line, to: lastLine } : undefined;
    if (misquoted) {
      const reason = message('csv_quote_single', { lines });
      yield { fault: { code: 'csv_quotes', reason, line } };
    } else if (cells.length !== columns.length) {
      const counts = { cells: cells.length, columns: columns.length };
      const reason = message('csv_cell_count', { ...counts, lines });
      yield { fault: { code: 'csv_cells', reason, line } };
    } else yield recordOf(columns, cells, line);
  }
  if (isEmpty) throw emptyTable(columns);
}

/** The rows of a table, including its first line. @throws DataFault if a quote is never closed */
async function* rowsOf({ file, encoding, options, tell }: FormatSource): AsyncGenerator<Row, void, void> {
  const { default: Papa } = await import('papaparse');
  let parse: ((text: string, final: boolean) => { rows: Row[]; end: number }) | undefined;
  let rest = '';
  let line = 1;

  const parserOf = (delimiter: string): NonNullable<typeof parse> => {
    const newline = '\n';
    return (text, final) => {
      const rows: Row[] = [];
      let end = 0;
      const step = ({ data, errors, meta }: Step): void => {
        const [cells] = data;
        if (!cells) return;
        const lastLine = line + breaksIn(text, end, meta.cursor, newline);
        if (errors.some(({ code }) => code === 'MissingQuotes')) throw unclosed(line);
        const lines = {
          line,
          lastLine: Math.max(line, text.endsWith(newline, meta.cursor) ? lastLine - 1 : lastLine),
        };
        rows.push({ cells, ...lines, misquoted: errors.length > 0 });
        line = lastLine;
        end = meta.cursor;
      };
      const parser = new Papa.Parser({ delimiter, newline, step } as object);
      parser.parse(text, 0, !final);
      return { rows, end };
    };
  };

  let lineBreaks: LineBreaks | undefined;
  for await (const piece of textOf(file, encoding)) {
    let shown = piece;
    if (!parse || !lineBreaks) {
      shown = withoutHint(piece);
      line += piece.length > shown.length ? 1 : 0;
      const delimiter = options.delimiter ?? delimiterOf(piece);
      tell({ delimiter });
      parse = parserOf(delimiter);
      lineBreaks = new LineBreaks(delimiter);
    }
    rest += lineBreaks.alike(shown);
    const { rows, end } = parse(rest, false);
    yield* rows;
    rest = rest.slice(end);
    if (rest.length > MOST_RECORD) throw tooLong(line);
  }
  if (parse && rest !== '') yield* parse(rest, true).rows;
}

/** Papa Parse's result for a row. */
interface Step {
  readonly data: readonly (readonly string[])[];
  readonly errors: readonly { readonly code: string }[];
  /** Offset of the row's end in the text. */
  readonly meta: { readonly cursor: number };
}

function unclosed(line: number): DataFault {
  return new DataFault({ code: 'csv_quotes', reason: message('csv_quote_open'), line });
}

function breaksIn(text: string, from: number, to: number, newline: string): number {
  let count = 0;
  for (let at = text.indexOf(newline, from); at >= 0 && at < to; at = text.indexOf(newline, at + 1)) count++;
  return count;
}

/**
 * Makes all rows end in the same way, as Python's csv module reads them: a file put together from others may mix line
 * ends. Line breaks within quotes belong to the cell and stay.
 */
class LineBreaks {
  readonly #delimiter: string;
  /** The current place within a cell; 'quote': behind a quote, which ends the cell unless another quote follows. */
  #place: 'start' | 'plain' | 'quoted' | 'quote' = 'start';
  /** Whether a carriage return has just ended a row: a line feed after it belongs to it. */
  #returned = false;

  constructor(delimiter: string) {
    this.#delimiter = delimiter;
  }

  /** The next piece of the text, with a line feed at the end of each row. */
  alike(piece: string): string {
    let text = '';
    let from = 0;
    for (let at = 0; at < piece.length; at++) {
      const letter = piece[at];
      const returned = this.#returned;
      this.#returned = false;
      if (returned && letter === '\n') from = at + 1;
      else if (this.#place === 'quoted') this.#place = letter === '"' ? 'quote' : 'quoted';
      else if (letter === '"') this.#place = this.#place === 'plain' ? 'plain' : 'quoted';
      else if (letter === this.#delimiter || letter === '\n') this.#place = 'start';
      else if (letter === '\r') {
        text += `${piece.slice(from, at)}\n`;
        from = at + 1;
        this.#place = 'start';
        this.#returned = true;
      } else this.#place = 'plain';
    }
    return text + piece.slice(from);
  }
}
