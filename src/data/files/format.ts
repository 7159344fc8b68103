import type { FileReader } from '../../core/file_reader';
import type { LosslessJson } from '../../core/lossless_json';
import type { SourceOptions } from '../../core/settings/sources';
import type { Encoding } from './encoding';
import type { Fault } from './fault';

/** A record as parsed from its file, or why it can't be read. A fault does not stop the reading of the others. */
export type Entry =
  | { readonly value: LosslessJson; /** The line of its beginning, from 1. */ readonly line?: number }
  | { readonly fault: Fault };

/** A file of examples, and how it is read. */
export interface FormatSource {
  readonly file: FileReader;
  /** The encoding of its text. */
  readonly encoding: Encoding;
  readonly options: FileOptions;
  /** Takes what was found out about the file. */
  readonly tell: (facts: Partial<FileFacts>) => void;
}

/** Options that a person may give for a file. Absent ones are found out. */
export type FileOptions = Pick<SourceOptions, 'encoding' | 'delimiter' | 'header'>;

/** Facts that were found out about a file, or given by the person. */
export interface FileFacts {
  /** Name of its format. */
  readonly format?: string;
  /** A label of the Encoding standard. */
  readonly encoding?: string;
  /** Whether only the look of the text told its encoding. */
  readonly encodingGuessed?: boolean;
  /** The character between the cells of a table. */
  readonly delimiter?: string;
  /** Whether the first line of a table names its columns. */
  readonly header?: boolean;
  /** Whether only the look of the first line told that. */
  readonly headerGuessed?: boolean;
}

interface Named {
  /** Its names, for people. */
  readonly names: readonly string[];
  /** File name endings in lower case: `.json`. */
  readonly endings: readonly string[];
  /** Media types that browsers give it. */
  readonly mediaTypes: readonly string[];
}

/** A kind of text file with examples. To add one, add a file to this folder and an entry to the list in formats.ts. */
export interface DataFormat extends Named {
  /**
   * Whether a file seems to have this format.
   *
   * @param head the beginning of its text, without white space before it
   */
  fits(head: string, name: string): boolean;
  /**
   * The records of a file in order. Reads a part of the file at a time.
   *
   * @throws DataFault if the file can't be used; possibly only after some of its records
   */
  entries(source: FormatSource): AsyncIterable<Entry>;
}

/** A kind of file with examples that is not a text. */
export interface BinaryFormat extends Named {
  /**
   * Whether a file seems to have this format.
   *
   * @param head its first bytes
   */
  fitsBytes(head: Uint8Array, name: string): boolean;
  /** The records of a file in order. @throws DataFault if the file can't be used; possibly only after some of its records */
  entries(source: Omit<FormatSource, 'encoding'>): AsyncIterable<Entry>;
}
