import { f32, read, u32, write, type Builder, type Tensor, defineOp } from './op';

const THREADS = 64;
/** Logits of a group, of which the four highest are told. */
const GROUP = 128;

interface Outputs extends Record<string, Tensor> {
  /** f32 [groups, 4], descending; -Infinity where a group has fewer. */
  readonly scores: Tensor;
  /** u32 [groups, 4]: the tokens; 0xffffffff where a group has fewer. */
  readonly ids: Tensor;
}

interface Attributes {
  readonly vocabulary: number;
}

const definition = defineOp<{ readonly logits: Tensor }, Outputs, Attributes>({
  name: 'likeliest',
  lower({ inputs: { logits }, outputs: { scores, ids }, attributes: { vocabulary } }) {
    const groups = groupsOf(vocabulary);
    return [
      {
        kernel: 'likeliest',
        overrides: { columns: vocabulary, groups },
        bindings: [read(logits), write(scores), write(ids)],
        workgroups: () => [Math.ceil(groups / THREADS), 1, 1],
      },
    ];
  },
});

/**
 * The four highest logits of each of many groups, with their places, from one row of logits f32 [1, vocabulary padded to a
 * multiple of 4]. No other logit is higher than the highest of the groups' fourth ones.
 */
export function likeliest(builder: Builder, logits: Tensor, { vocabulary }: Attributes): Outputs {
  const groups = groupsOf(vocabulary);
  const outputs = { scores: f32(groups, 4), ids: u32(groups, 4) };
  return builder.apply(definition, { logits }, outputs, { vocabulary });
}

function groupsOf(vocabulary: number): number {
  return Math.ceil(vocabulary / GROUP);
}
