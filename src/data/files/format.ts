import type { FileReader } from '../../core/file_reader';
import type { LosslessJson } from '../../core/lossless_json';
import type { Fault } from './fault';

/** A record as parsed from its file, or why it can't be read. A fault does not stop the reading of the others. */
export type Entry =
  | { readonly value: LosslessJson; /** The line of its beginning, from 1. */ readonly line?: number }
  | { readonly fault: Fault };

/** A kind of file with examples. To add one, add a file to this folder and an entry to the list in formats.ts. */
export interface DataFormat {
  /** Its names, for people. */
  readonly names: readonly string[];
  /** File name endings in lower case: `.json`. */
  readonly endings: readonly string[];
  /** Media types that browsers give it. */
  readonly mediaTypes: readonly string[];
  /**
   * Whether a file seems to have this format.
   *
   * @param head the beginning of its text, without white space before it; empty if the file is no text
   */
  fits(head: string): boolean;
  /**
   * The records of a file in order. Reads a part of the file at a time.
   *
   * @throws DataFault if the file can't be used; possibly only after some of its records
   */
  entries(file: FileReader): AsyncIterable<Entry>;
}
