import * as v from 'valibot';
import { reason } from '../../core/issue_reason';
import { linear } from '../../ops/linear';
import type { Builder, Tensor } from '../../ops/op';
import type { Weight } from '../../ops/weight';
import { rotation, rotations } from '../../ops/rotation';
import type { CayleyForm } from '../../ops/skew';
import { cayleyRotations } from './cayley';
import type { AdapterKind, BoundModule, PeftForm } from './kind';
import type { WholeSettings } from './settings';

const ROTATIONS = 'oft_R';

/** Where the block's rows lie: a block is at least two columns, and the rotations of a map are at most so large. */
export const OFT_BLOCK = { from: 2, most: 256 } as const;
/** Terms of the Cayley–Neumann series. */
export const NEUMANN_TERMS = { from: 2, most: 16 } as const;

const entries = {
  r: v.optional(v.literal(0, reason('adapter_oft_blocks')), 0),
  oft_block_size: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(OFT_BLOCK.from), v.maxValue(OFT_BLOCK.most)),
    32,
  ),
  use_cayley_neumann: v.optional(v.boolean(), true),
  num_cayley_neumann_terms: v.optional(
    v.pipe(v.number(), v.integer(), v.minValue(NEUMANN_TERMS.from), v.maxValue(NEUMANN_TERMS.most)),
    5,
  ),
  bias: v.optional(v.literal('none', reason('adapter_bias')), 'none'),
};

/** PEFT's OFTConfig. Its `module_dropout` has no effect on linear layers there. */
const oftForm: PeftForm = {
  type: 'OFT',
  entries,
  harmless: ['eps', 'init_weights', 'module_dropout'],
  write: ({ oft_block_size, use_cayley_neumann, num_cayley_neumann_terms }) => ({
    ...{ oft_block_size, use_cayley_neumann, num_cayley_neumann_terms },
    bias: 'none',
    block_share: false,
    coft: false,
    eps: 6e-5,
    fan_in_fan_out: false,
    init_weights: true,
    module_dropout: 0,
    r: 0,
  }),
  read(fields): Partial<WholeSettings> {
    const { oft_block_size, use_cayley_neumann, num_cayley_neumann_terms } = v.parse(
      v.object(entries),
      fields,
    );
    return { finetuning_type: 'oft', oft_block_size, use_cayley_neumann, num_cayley_neumann_terms };
  },
};

/**
 * Orthogonal fine-tuning, v2 (Qiu et al. 2025, arXiv 2506.19847), as in PEFT: y = (x R) Wᵀ + bias, with R a rotation of
 * each block of `oft_block_size` inputs. R follows from a skew-symmetric Q, which starts at zero, so that R starts as the
 * identity.
 */
export const oft: AdapterKind = {
  name: 'oft',
  title: 'OFT',
  finetuningType: 'oft',
  peft: oftForm,
  parts({ in: input }, settings) {
    const size = blockSize(input, settings);
    const shape = [input / size, (size * (size - 1)) / 2];
    return [{ part: ROTATIONS, file: 'oft_R.weight', shape, padded: shape, start: 'zero' }];
  },
  derived: {
    size: ({ in: input }, settings) => input * blockSize(input, settings),
    fill(builder, { in: input }: Weight, module) {
      rotations(builder, rotationsOf(module), formOf(input, module.settings));
    },
  },
  linear: (builder, { x, weight, ...rest }, module) =>
    linear(builder, { x: rotated(builder, x, weight.in, module), weight, ...rest }),
  inGeneration: ({ weight, bias }, module) => ({
    alone: (builder, x) => linear(builder, { x: rotated(builder, x, weight.in, module), weight, bias }),
  }),
  merge({ in: input, parts }, settings) {
    const packed = parts[ROTATIONS];
    if (!packed) throw new Error('this adapter has no rotations');
    const form = formOf(input, settings);
    const { size } = form;
    const R = cayleyRotations(packed, form);
    const row = new Float64Array(input);
    return (rows) => {
      for (let first = 0; first < rows.length; first += input) {
        row.set(rows.subarray(first, first + input));
        for (let k = 0; k < input; k++) {
          // Row k of the block's R, with the block's columns of the weight.
          const block = k - (k % size);
          let sum = 0;
          for (let c = 0; c < size; c++) sum += row[block + c]! * R[k * size + c]!;
          rows[first + k] = sum;
        }
      }
    };
  },
};

/**
 * Rows and columns of a block: `oft_block_size`, or the divisor of the inputs nearest to it, as PEFT adjusts it; of two
 * as near the smaller.
 */
export function blockSize(
  input: number,
  { oft_block_size: wanted }: Pick<WholeSettings, 'oft_block_size'>,
): number {
  if (wanted >= input) return input;
  let [below, above] = [wanted, wanted];
  while (input % below !== 0) below--;
  while (input % above !== 0) above++;
  return wanted - below <= above - wanted ? below : above;
}

function formOf(input: number, settings: WholeSettings): CayleyForm {
  const { use_cayley_neumann, num_cayley_neumann_terms } = settings;
  return { size: blockSize(input, settings), terms: use_cayley_neumann ? num_cayley_neumann_terms : 0 };
}

function rotationsOf({ parts, derived }: BoundModule): { packed: Tensor; R: Tensor } {
  const packed = parts[ROTATIONS];
  if (!packed || !derived) throw new Error('this adapter has no rotations');
  return { packed, R: derived };
}

function rotated(builder: Builder, x: Tensor, input: number, module: BoundModule): Tensor {
  return rotation(builder, { x, ...rotationsOf(module) }, formOf(input, module.settings));
}
