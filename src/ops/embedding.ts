import {
  elements,
  f32,
  lookUp,
  read,
  spread,
  update,
  type Builder,
  type Dispatch,
  type Tensor,
  type Tensors,
  defineOp,
} from './op';
import { weightGradients } from './weight_gradient';
import { weightTensors, type DenseWeight } from './weight';

const THREADS = 64;

interface Inputs {
  readonly [name: string]: Tensor;
  readonly tokens: Tensor;
}

interface Attributes {
  readonly table: DenseWeight;
  readonly scale: number;
}

const definition = defineOp<Inputs, { y: Tensor }, Attributes>({
  name: 'embedding',
  lower({ inputs: { tokens }, outputs: { y }, attributes: { table, scale } }, { limits }) {
    return table.parts.map((part) => ({
      kernel: 'embedding',
      constants: { WEIGHT_BINDING: 2, [`WEIGHT_${table.format.toUpperCase()}`]: true },
      overrides: {
        columns: table.in / 4,
        first_row: part.firstRow,
        part_rows: part.rows,
        vocabulary: table.out,
        scale,
      },
      // Each part fills the rows of its own tokens only.
      bindings: [read(tokens), lookUp(part.tensor), update(y)],
      workgroups: (rows) =>
        spread(Math.ceil(elements(y.shape, rows) / 4 / THREADS), limits.maxComputeWorkgroupsPerDimension),
    }));
  },
  gradient({ inputs: { tokens }, outputs: { y }, attributes: { table, scale } }, tape) {
    const dy = tape.gradientOf(y);
    if (!dy) return;
    const { tensors, further } = weightGradients(tape, table);
    if (further.length === 0) return;
    tape.apply(gradientDefinition, { tokens, dy, ...tensors }, {}, { table, scale, further });
  },
});

interface GradientInputs extends Tensors {
  readonly tokens: Tensor;
  readonly dy: Tensor;
}

interface GradientAttributes extends Attributes {
  readonly further: readonly boolean[];
}

const gradientDefinition = defineOp<GradientInputs, Record<string, never>, GradientAttributes>({
  name: 'embedding_gradient',
  lower({ inputs, attributes: { table, scale, further } }, { limits }) {
    const { tokens, dy } = inputs;
    const most = limits.maxComputeWorkgroupsPerDimension;
    return table.parts.flatMap((part, index): Dispatch[] => {
      const gradient = inputs[`gradient${index}`];
      if (!gradient) return [];
      const clear: Dispatch = {
        kernel: 'embedding_gradient_clear',
        bindings: [update(gradient)],
        workgroups: () => spread(Math.ceil(elements(gradient.shape, 1) / 4 / THREADS), most),
      };
      const sum: Dispatch = {
        kernel: 'embedding_gradient',
        overrides: {
          columns: table.in / 4,
          first_row: part.firstRow,
          part_rows: part.rows,
          vocabulary: table.out,
          scale,
        },
        bindings: [
          read(tokens),
          read(dy),
          { ...update(gradient), touches: (rows) => Math.min(rows, part.rows) * table.in * 8 },
        ],
        workgroups: (rows) => spread(rows, most),
        flops: (rows) => rows * (rows + table.in),
      };
      return further[index] ? [sum] : [clear, sum];
    });
  },
});

/**
 * Looks tokens (u32 [rows]) up in a table [vocabulary, columns]: y f32 [rows, columns], times `scale` (1 unless given).
 * Ids beyond the vocabulary take its last row. A trained table is f32, in the slot of the
 * parameters.
 */
export function embedding(
  builder: Builder,
  { tokens, table }: { readonly tokens: Tensor; readonly table: DenseWeight },
  { scale = 1 }: { readonly scale?: number } = {},
): Tensor {
  const inputs = { tokens, ...weightTensors(table) };
  return builder.apply(definition, inputs, { y: f32('rows', table.in) }, { table, scale }).y;
}
