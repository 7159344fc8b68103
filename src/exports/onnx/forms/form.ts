import type { Encoded, Encoding } from '../../encoding/encode';
import type { OnnxGraph } from '../graph';

/** The type of a graph's activations, norms, biases and caches. */
export type FloatType = 'float32' | 'float16';

export interface FormScope {
  readonly graph: OnnxGraph;
  readonly float: FloatType;
}

/** A matrix of the model, with the name that it has in a checkpoint. */
export interface Matrix {
  readonly name: string;
  readonly out: number;
  readonly in: number;
  /** Its rows in order, encoded, some at a time; may be called several times. */
  readonly encoded: (encoding: Encoding) => AsyncIterable<Encoded>;
}

/** A way to store a linear map's weight, and the ops that multiply with it. */
export interface ProductForm {
  /** Adds y = x Wᵀ + bias to the graph. x [rows, in]. Returns the name of y [rows, out]. */
  product(scope: FormScope, x: string, matrix: Matrix, bias?: string): string;
}

/** A way to store the table of embeddings, and the ops that look tokens up. */
export interface TableForm {
  /** Adds the look-up of tokens, int64 [rows]. Returns the name of the embeddings [rows, in]. */
  lookUp(scope: FormScope, tokens: string, matrix: Matrix): string;
}
