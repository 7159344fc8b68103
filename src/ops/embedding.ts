import {
  elements,
  f32,
  lookUp,
  read,
  rowElements,
  spread,
  update,
  type Builder,
  type Tensor,
  defineOp,
} from './op';
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
    const [part] = table.parts;
    if (!dy || !part || !tape.needsGradient(part.tensor)) return;
    const { tensor: gradient, further } = tape.parameterGradient(part.tensor);
    tape.apply(gradientDefinition, { tokens, dy, gradient }, {}, { scale, further });
  },
});

interface GradientInputs {
  readonly [name: string]: Tensor;
  readonly tokens: Tensor;
  readonly dy: Tensor;
  readonly gradient: Tensor;
}

interface GradientAttributes {
  readonly scale: number;
  readonly further: boolean;
}

const gradientDefinition = defineOp<GradientInputs, Record<string, never>, GradientAttributes>({
  name: 'embedding_gradient',
  lower({ inputs: { tokens, dy, gradient }, attributes: { scale, further } }, { limits }) {
    const vocabulary = elements(gradient.shape, 1) / rowElements(gradient.shape);
    return [
      {
        kernel: 'embedding_gradient',
        overrides: { columns: rowElements(dy.shape) / 4, vocabulary, scale, further: Number(further) },
        bindings: [read(tokens), read(dy), update(gradient)],
        workgroups: () =>
          spread(
            Math.ceil(elements(gradient.shape, 1) / 4 / THREADS),
            limits.maxComputeWorkgroupsPerDimension,
          ),
        flops: (rows) => rows * vocabulary + rows * rowElements(dy.shape),
      },
    ];
  },
});

/**
 * Looks tokens (u32 [rows]) up in a table [vocabulary, columns]: y f32 [rows, columns], times `scale` (1 unless given).
 * Ids beyond the vocabulary take its last row. The table gets a gradient if it is an f32 parameter in one part.
 */
export function embedding(
  builder: Builder,
  { tokens, table }: { readonly tokens: Tensor; readonly table: DenseWeight },
  { scale = 1 }: { readonly scale?: number } = {},
): Tensor {
  const inputs = { tokens, ...weightTensors(table) };
  return builder.apply(definition, inputs, { y: f32('rows', table.in) }, { table, scale }).y;
}
