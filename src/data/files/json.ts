import {
  fieldsOf,
  JsonFault,
  JsonUnfinished,
  LosslessParser,
  type LosslessJson,
} from '../../core/lossless_json';
import { message } from '../../core/messages/message';
import { DataFault, tooLong, MOST_RECORD, type Fault } from './fault';
import type { DataFormat, Entry, FormatSource } from './format';
import { textOf } from './text';

/**
 * JSON and JSON Lines, told apart by content: one list of records, an object that has them under `data`, or a sequence
 * of records, each on one line or on several.
 */
export const JSON_RECORDS: DataFormat = {
  names: ['JSON', 'JSONL'],
  endings: ['.json', '.jsonl', '.ndjson'],
  mediaTypes: ['application/json', 'application/jsonl', 'application/x-ndjson'],
  fits: (head) => /^[[{]/.test(head),
  entries: entriesOfJson,
};

async function* entriesOfJson(source: FormatSource): AsyncGenerator<Entry, void, void> {
  const text = new JsonText(source);
  const first = await text.skipSpace();
  if (first === undefined) throw new DataFault({ code: 'empty', reason: message('file_empty') });
  if (first === '[') yield* entriesOfList(text);
  else if (first === '{') yield* entriesInTurn(text);
  else {
    throw new DataFault({ code: 'format_unknown', reason: message('file_unknown'), ...text.place() });
  }
}

/**
 * Reads a single list. A fault in it refuses the whole file: Python's `json.load` does so too, and the list may be cut
 * off.
 */
async function* entriesOfList(text: JsonText): AsyncGenerator<Entry, void, void> {
  try {
    await text.read((parser) => parser.at++);
    if ((await text.skipSpace()) === ']') {
      throw new DataFault({ code: 'empty', reason: message('list_empty') });
    }
    do yield await text.entry();
    while (await text.read((parser) => parser.goesOn(']')));
    if ((await text.skipSpace()) !== undefined) {
      const reason = message('list_goes_on');
      throw new DataFault({ code: 'json_syntax', reason, ...text.place() });
    }
  } catch (error) {
    throw error instanceof JsonFault ? new DataFault(text.faultAt(error)) : error;
  }
}

/** Reads a sequence of records. After a record that is no JSON, it continues at the next beginning of a record. */
async function* entriesInTurn(text: JsonText): AsyncGenerator<Entry, void, void> {
  for (let count = 0; ; count++) {
    let letter = await text.skipSpace();
    // In a file put together from others, each part may begin with a byte order mark.
    while (letter === '\ufeff') {
      await text.read((parser) => parser.at++);
      letter = await text.skipSpace();
    }
    if (letter === undefined) return;
    if (letter === ',' && count > 0) {
      const reason = message('records_with_commas');
      throw new DataFault({ code: 'json_syntax', reason, ...text.place() });
    }
    let entry: Entry;
    try {
      entry = await text.entry();
    } catch (error) {
      if (!(error instanceof JsonFault)) throw error;
      entry = { fault: await text.passBy(error) };
    }
    if (count === 0 && 'value' in entry && (await text.skipSpace()) === undefined) {
      yield* entriesOfOnly(entry);
      return;
    }
    yield entry;
  }
}

/** For a file that is a single value: the records under `data`, or the value as the only record. */
function* entriesOfOnly(entry: Entry & { value: LosslessJson }): Generator<Entry, void, void> {
  const fields = fieldsOf(entry.value) ?? {};
  const records = fields.data;
  if (Array.isArray(records)) {
    if (records.length === 0) throw new DataFault({ code: 'empty', reason: message('list_empty') });
    for (const record of records as readonly LosslessJson[]) yield { value: record };
    return;
  }
  const split = ['train', 'training', 'test', 'validation', 'rows', 'records', 'examples', 'items'].find(
    (name) => Array.isArray(fields[name]),
  );
  if (split !== undefined) {
    const reason = message('records_under', { name: split });
    throw new DataFault({ code: 'records_elsewhere', reason });
  }
  const columns = Object.values(fields);
  const areColumns = columns.every(
    (column) =>
      Array.isArray(column) && column.length > 0 && column.every((cell) => fieldsOf(cell) === undefined),
  );
  if (columns.length > 1 && areColumns) {
    throw new DataFault({ code: 'columns', reason: message('columns_not_records') });
  }
  yield entry;
}

/** Reads JSON values one after the other from a file, without ever holding all of its text. */
class JsonText {
  readonly #pieces: AsyncIterator<string, void, void>;
  #text = '';
  #final = false;
  #parser = new LosslessParser('', false);
  /**
   * Number of the line that contains offset `#counted`; `#lineStart` is its beginning, negative if that text was
   * dropped.
   */
  #line = 1;
  #lineStart = 0;
  #counted = 0;

  constructor({ file, encoding }: FormatSource) {
    this.#pieces = textOf(file, encoding);
  }

  /** Skips white space and returns the next letter; undefined at the end. */
  async skipSpace(): Promise<string | undefined> {
    for (;;) {
      this.#parser.skipSpace();
      const letter = this.#text[this.#parser.at];
      if (letter !== undefined || this.#final) return letter;
      await this.#more(1);
    }
  }

  /** Runs a step of the parser, and reads more text until the step succeeds. A failed step does not move the place. */
  async read<T>(step: (parser: LosslessParser) => T): Promise<T> {
    for (let pieces = 1; ; pieces *= 2) {
      const { at } = this.#parser;
      try {
        return step(this.#parser);
      } catch (error) {
        this.#parser.at = at;
        if (!(error instanceof JsonUnfinished)) throw error;
        await this.#more(pieces);
      }
    }
  }

  /** The value that begins here. @throws JsonFault */
  async entry(): Promise<Entry> {
    const { line } = this.place();
    return await this.read((parser): Entry => {
      parser.halfCharacter();
      const value = parser.value();
      const half = parser.halfCharacter();
      return half ? { fault: this.faultAt(half) } : { value, line };
    });
  }

  place(): { readonly line: number; readonly column: number } {
    const { at } = this.#parser;
    const { line, lineStart } = this.#countTo(at);
    this.#line = line;
    this.#lineStart = lineStart;
    this.#counted = at;
    return { line, column: at - lineStart + 1 };
  }

  faultAt({ reason: fault, offset }: JsonFault): Fault {
    const { line, lineStart } = this.#countTo(offset);
    return {
      code: 'json_syntax',
      reason: message('record_not_json', { fault }),
      line,
      column: offset - lineStart + 1,
    };
  }

  /**
   * Skips a record with a fault: up to the next line, unless that is indented or only closes something; if the record
   * spans several lines, up to the next line that begins with `{`. So no part of the record is read as a record itself.
   */
  async passBy(error: JsonFault): Promise<Fault> {
    const fault = this.faultAt(error);
    const next = fault.line === this.place().line ? /[\r\n]+(?=[^\s\]},])/g : /[\r\n]+(?=\{)/g;
    for (let pieces = 1; ; pieces *= 2) {
      const { at } = this.#parser;
      next.lastIndex = at;
      const found = next.exec(this.#text) !== null;
      if (!found && !this.#final) {
        await this.#more(pieces);
        continue;
      }
      this.#parser.at = found ? next.lastIndex : this.#text.length;
      const lines = this.#text.slice(at, this.#parser.at).split(/[\r\n]+/);
      const skipped = lines.slice(1).filter((line) => line.trim() !== '').length;
      const reason =
        skipped > 0 ? { ...fault.reason, values: { ...fault.reason.values, skipped } } : fault.reason;
      return { ...fault, reason };
    }
  }

  /** Drops the text that was already parsed, and reads more. */
  async #more(pieces: number): Promise<void> {
    const { at } = this.#parser;
    this.place();
    const parts = [this.#text.slice(at)];
    let length = this.#text.length - at;
    while (parts.length <= pieces && !this.#final) {
      const piece = await this.#pieces.next();
      if (piece.done) this.#final = true;
      else {
        parts.push(piece.value);
        length += piece.value.length;
      }
    }
    if (length > MOST_RECORD) throw tooLong(this.#line);
    this.#text = parts.join('');
    this.#lineStart -= at;
    this.#counted = 0;
    this.#parser = new LosslessParser(this.#text, this.#final);
  }

  #countTo(offset: number): { line: number; lineStart: number } {
    let [line, lineStart] = [this.#line, this.#lineStart];
    for (
      let at = this.#text.indexOf('\n', this.#counted);
      at >= 0 && at < offset;
      at = this.#text.indexOf('\n', at + 1)
    ) {
      line++;
      lineStart = at + 1;
    }
    return { line, lineStart };
  }
}
