import type { LosslessJson } from '../../core/lossless_json';

/** A new row, which becomes an example only once the person accepts it. */
export interface Proposal {
  readonly value: LosslessJson;
  /** The name of the model or the program that wrote it. */
  readonly origin: string;
  /** Texts to show in a list: a question and its answer, or a text before and after its change. */
  readonly texts: readonly string[];
}
