import type { FileReader } from '../../core/file_reader';
import type { LosslessJson } from '../../core/lossless_json';
import type { Fault } from './fault';

/** A record as it stands in its file, or why it can't be read. The others are read all the same. */
export type Entry =
  | { readonly value: LosslessJson; /** The line that it begins in, from 1. */ readonly line?: number }
  | { readonly fault: Fault };

/** A kind of file that holds examples. Adding one is adding a file to this folder and to the list in formats.ts. */
export interface DataFormat {
  /** Its name, for people. */
  readonly name: string;
  /** How names of its files end, in lower case: `.json`. */
  readonly endings: readonly string[];
  /** What browsers call it. */
  readonly mediaTypes: readonly string[];
  /**
   * Whether a file looks like it.
   *
   * @param head the beginning of its text, without white space before it; empty if the file is no text
   */
  fits(head: string): boolean;
  /**
   * The records of a file in its order, read a part at a time.
   *
   * @throws DataFault if nothing of the file can be used, also after some of its records
   */
  entries(file: FileReader): AsyncIterable<Entry>;
}
