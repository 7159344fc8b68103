import { message } from '../../core/messages/message';
import type { Weight } from '../../ops/weight';
import type { ChoiceMeaning } from '../format';
import { blocks4 } from './forms/blocks4';
import { dense } from './forms/dense';
import type { FloatType, ProductForm, TableForm } from './forms/form';
import { nf4 } from './forms/nf4';
import { rows8 } from './forms/rows8';

/** A precision of a graph's weights, by transformers.js's name of it (`dtype`). */
export interface Quantization extends ChoiceMeaning {
  readonly name: string;
  /** The end of the file's name in transformers.js: model_q4.onnx. */
  readonly suffix: string;
  readonly float: FloatType;
  readonly linear: (weight: Weight) => ProductForm;
  readonly head: ProductForm;
  readonly table: TableForm;
  /** Products round activations to 8 bits. */
  readonly roundsActivations?: true;
  /** The adapter stays beside the base's weights, because they must keep their bits. */
  readonly besideAdapter?: true;
}

/** Tables of embeddings stay plain in most of them: not all builds of onnxruntime-web look 4-bit tables up. */
export const QUANTIZATIONS: readonly Quantization[] = [
  {
    ...{ label: message('export_onnx_q4'), help: message('export_onnx_q4_help') },
    ...{ name: 'q4', suffix: '_q4', float: 'float32' },
    ...{ linear: () => blocks4, head: blocks4, table: dense },
  },
  {
    ...{ label: message('export_onnx_q4f16'), help: message('export_onnx_q4f16_help') },
    ...{ name: 'q4f16', suffix: '_q4f16', float: 'float16' },
    ...{ linear: () => blocks4, head: blocks4, table: dense },
  },
  {
    ...{ label: message('export_onnx_q8'), help: message('export_onnx_q8_help') },
    ...{ name: 'q8', suffix: '_quantized', float: 'float32', roundsActivations: true },
    ...{ linear: () => rows8, head: rows8, table: rows8 },
  },
  {
    ...{ label: message('export_onnx_fp16'), help: message('export_onnx_fp16_help') },
    ...{ name: 'fp16', suffix: '_fp16', float: 'float16' },
    ...{ linear: () => dense, head: dense, table: dense },
  },
  {
    ...{ label: message('export_onnx_fp32'), help: message('export_onnx_fp32_help') },
    ...{ name: 'fp32', suffix: '', float: 'float32' },
    ...{ linear: () => dense, head: dense, table: dense },
  },
  {
    ...{ label: message('export_onnx_bnb4'), help: message('export_onnx_bnb4_help') },
    ...{ name: 'bnb4', suffix: '_bnb4', float: 'float32', besideAdapter: true },
    linear: (weight) => (isNF4(weight) ? nf4(weight.packing.blockSize) : dense),
    ...{ head: dense, table: dense },
  },
];

function isNF4(
  weight: Weight,
): weight is Extract<Weight, { kind: 'packed' }> & { packing: { format: 'nf4'; blockSize: number } } {
  return (
    weight.kind === 'packed' && weight.packing.format === 'nf4' && weight.in % weight.packing.blockSize === 0
  );
}
