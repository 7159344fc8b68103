import type { FileReader } from '../core/file_reader';
import {
  fieldsOf,
  JsonFault,
  losslessText,
  parseLosslessJson,
  type LosslessJson,
} from '../core/lossless_json';
import { message } from '../core/messages/message';
import { DataFault } from './files/fault';
import { textOf } from './files/text';

/** A change of one record in the table. */
export interface RecordEdit {
  /** The name of its file. */
  readonly file: string;
  /** Its number within the file, from 1. */
  readonly record: number;
  /** Leaves it out. */
  readonly exclude?: true;
  /** Holds it out for evaluation. */
  readonly evaluate?: true;
  /** The value that replaces it. */
  readonly value?: LosslessJson;
}

/** A record that is in no file. */
export interface AddedRecord {
  readonly value: LosslessJson;
  readonly evaluate?: true;
  /** A program's or a model's name if no person wrote it. */
  readonly origin?: string;
  /** Not used until the person accepts it. */
  readonly proposed?: true;
}

/** Changes of a table of records. They stand in a file of their own, so that the files of examples stay as they are. */
export interface Edits {
  readonly records: readonly RecordEdit[];
  readonly added: readonly AddedRecord[];
}

/** The first line of a file of edits. */
const MARK = '{"tunesmith_edits":1}';

/** Whether a file with this beginning holds edits. */
export function isEdits(head: string): boolean {
  return head.startsWith(MARK);
}

/** A file of edits: JSON Lines, one line a record. */
export function editsText({ records, added }: Edits): string {
  const lines = [...records, ...added].map((edit) => {
    const fields = Object.entries(edit).filter(([, field]) => field !== undefined);
    return losslessText(Object.fromEntries(fields));
  });
  return [MARK, ...lines, ''].join('\n');
}

/** Reads a file of edits. @throws DataFault `edits` with the line of an edit that can't be read */
export async function readEdits(file: FileReader): Promise<Edits> {
  let text = '';
  for await (const piece of textOf(file, { label: 'utf-8', mark: 0 })) text += piece;
  const records: RecordEdit[] = [];
  const added: AddedRecord[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (index === 0 || line.trim() === '') continue;
    const edit = editOf(line);
    if (!edit) {
      const reason = message('edit_unreadable');
      throw new DataFault({ code: 'edits', reason, line: index + 1 });
    }
    if ('file' in edit) records.push(edit);
    else added.push(edit);
  }
  return { records, added };
}

function editOf(line: string): RecordEdit | AddedRecord | undefined {
  const fields = fieldsOf(parsed(line));
  if (!fields) return undefined;
  const { file, record, exclude, evaluate, value, origin, proposed, ...others } = fields;
  const areKnown = Object.keys(others).length === 0;
  const areMarks = [exclude, evaluate, proposed].every((mark) => mark === undefined || mark === true);
  if (!areKnown || !areMarks) return undefined;
  const more = { ...(evaluate === true && { evaluate }), ...(value !== undefined && { value }) };
  if (file === undefined && record === undefined) {
    if (value === undefined || exclude !== undefined) return undefined;
    if (origin !== undefined && typeof origin !== 'string') return undefined;
    return {
      ...more,
      value,
      ...(origin !== undefined && { origin }),
      ...(proposed === true && { proposed }),
    };
  }
  const isPlace = typeof file === 'string' && typeof record === 'number' && record >= 1;
  if (!isPlace || origin !== undefined || proposed !== undefined) return undefined;
  return { file, record, ...(exclude === true && { exclude }), ...more };
}

function parsed(line: string): LosslessJson {
  try {
    return parseLosslessJson(line);
  } catch (error) {
    if (error instanceof JsonFault) return null;
    throw error;
  }
}

/** The edits of one file, by the numbers of its records. */
export function editsOf({ records }: Edits, file: string): ReadonlyMap<number, RecordEdit> {
  return new Map(records.filter((edit) => edit.file === file).map((edit) => [edit.record, edit]));
}
