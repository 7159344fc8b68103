import { message, type Message } from '../../core/messages/message';
import { inEnglish } from '../../core/messages/english';

/** Why a file of examples, or one record of it, can't be used. `line` and `column` count from 1. */
export interface Fault {
  /** A stable name for programs: `json_syntax`. */
  readonly code: string;
  /** The fault and its remedy. */
  readonly reason: Message;
  readonly line?: number | undefined;
  /** In UTF-16 units. */
  readonly column?: number | undefined;
}

/** Thrown if nothing of a file can be used. */
export class DataFault extends Error implements Fault {
  readonly code: string;
  readonly reason: Message;
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor({ code, reason, line, column }: Fault) {
    super(inEnglish(reason));
    this.name = 'DataFault';
    this.code = code;
    this.reason = reason;
    this.line = line;
    this.column = column;
  }
}

/** Longest record in UTF-16 units: half of the longest string of any JavaScript engine. */
export const MOST_RECORD = 2 ** 28;

export function tooLong(line: number): DataFault {
  const reason = message('record_long', { millions: MOST_RECORD / 2 ** 20 });
  return new DataFault({ code: 'record_too_long', reason, line });
}
