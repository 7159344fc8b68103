/** Why a file of examples, or one record of it, can't be used. `line` and `column` count from 1. */
export interface Fault {
  /** A stable name for programs: `json_syntax`. */
  readonly code: string;
  /** One or two sentences for a person: what is wrong and what to do. */
  readonly reason: string;
  readonly line?: number | undefined;
  /** In UTF-16 units. */
  readonly column?: number | undefined;
}

/** Thrown where nothing of a file can be used. */
export class DataFault extends Error implements Fault {
  readonly code: string;
  readonly reason: string;
  readonly line: number | undefined;
  readonly column: number | undefined;

  constructor({ code, reason, line, column }: Fault) {
    super(reason);
    this.name = 'DataFault';
    this.code = code;
    this.reason = reason;
    this.line = line;
    this.column = column;
  }
}
