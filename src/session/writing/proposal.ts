/** A new row, which becomes an example only once the person accepts it. */
export interface Proposal {
  /** The record as JSON text, because numbers of JSON do not survive the way between threads. */
  readonly json: string;
  /** The name of the model or the program that wrote it. */
  readonly origin: string;
  /** Texts to show in a list: a question and its answer, or a text before and after its change. */
  readonly texts: readonly string[];
}
