import { elementCount } from '../../core/shape';
import { adafactor as adafactorOp, adafactorRecords, adafactorTable } from '../../ops/adafactor';
import type { TensorRecord } from '../../ops/tensor_table';
import { adamScalars } from './adamw';
import type { FlatTensor, Optimizer } from './optimizer';
import { decayOf, rateFunction } from './rates';

const TABLE = 'adafactor_tensors';

/** The power of the step by which 1 - beta2 falls (`decay_rate`). */
const DECAY_RATE = -0.8;

/**
 * Adafactor (Shazeer & Stern 2018) as transformers' Trainer sets it: the second moments of rows and columns, no first moment, no
 * rate of its own; updates longer than 1 in the root mean square are shortened. A matrix of m × n takes m + n numbers.
 */
export const adafactor: Optimizer = {
  name: 'adafactor',
  plan({ tensors }, settings) {
    const rateOf = rateFunction(tensors, settings);
    const records = adafactorRecords(tensors.map((tensor) => recordOf(tensor, rateOf(tensor))));
    const height = records.rows.reduce((sum, { count, columns }) => sum + count / columns, 0);
    const width = records.columns.reduce((sum, { columns }) => sum + columns, 0);
    return {
      state: [
        { name: 'row_moments', dtype: 'F32', shape: [height] },
        { name: 'column_moments', dtype: 'F32', shape: [width] },
      ],
      tables: [{ name: TABLE, words: adafactorTable(records) }],
      step(trace, { parameters, gradients, metrics, of }) {
        const moments = { rows: of('row_moments'), columns: of('column_moments') };
        adafactorOp(trace, { parameters, gradients, metrics, ...moments, table: of(TABLE) }, records);
      },
      scalars: (values) => {
        const oneMinusBeta2 = values.step ** DECAY_RATE;
        return { ...adamScalars(settings, values), beta2: 1 - oneMinusBeta2, oneMinusBeta2 };
      },
    };
  },
};

/** A tensor without its padding. */
function recordOf(tensor: FlatTensor, rate: number): TensorRecord {
  const { offset, shape, padded } = tensor;
  const row = { columns: shape.at(-1) ?? 1, stride: padded.at(-1) ?? 1 };
  return { first: 0, offset, count: elementCount(shape), ...row, rate, decay: decayOf(tensor) };
}
