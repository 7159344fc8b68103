import type { Weight } from '../../ops/weight';
import { dense } from './forms/dense';
import type { FloatType, ProductForm, TableForm } from './forms/form';

/** A precision of a graph's weights, by transformers.js's name of it (`dtype`). */
export interface Quantization {
  readonly name: string;
  /** The end of the file's name in transformers.js: model_q4.onnx. */
  readonly suffix: string;
  readonly float: FloatType;
  linear(weight: Weight): ProductForm;
  readonly head: ProductForm;
  readonly table: TableForm;
  /** The adapter stays beside the base's weights, because they must keep their bits. */
  readonly besideAdapter?: true;
}

export const QUANTIZATIONS: readonly Quantization[] = [
  { name: 'fp32', suffix: '', float: 'float32', linear: () => dense, head: dense, table: dense },
  { name: 'fp16', suffix: '_fp16', float: 'float16', linear: () => dense, head: dense, table: dense },
];
