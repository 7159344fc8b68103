import { alignUp } from '../../src/core/align';
import { likeliest } from '../../src/ops/likeliest';
import { combine, describe, normal, type OpCase } from './case';

/** Places of equal, extreme and unordered values among ordinary ones. */
const SPECIAL = [7, 7, -0, 0, 1e-40, -1e-40, Infinity, -Infinity, NaN, -3e38, 3e38];

/** The order of the kernel: NaN above all, -0 below 0. */
function higher(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && !Number.isNaN(b);
  return a > b || (a === b && Object.is(b, -0) && Object.is(a, 0));
}

function likeliestCase(parameters: { vocabulary: number; special: boolean }): OpCase {
  const { vocabulary, special } = parameters;
  const groups = Math.ceil(vocabulary / 128);
  const stride = alignUp(vocabulary, 4);
  const data = new Float32Array(stride).fill(1000);
  data.set(normal('logits', vocabulary));
  if (special) for (let i = 0; i < vocabulary; i += 5) data[i] = SPECIAL[(i / 5) % SPECIAL.length]!;
  return {
    op: 'likeliest',
    name: describe(parameters),
    rows: 1,
    inputs: { logits: { type: 'f32', shape: [1, stride], data } },
    build(builder, { logits }) {
      const { scores, ids } = likeliest(builder, logits!, { vocabulary });
      return { scores, ids };
    },
    reference: {
      forward({ logits }) {
        const scores = new Float64Array(groups * 4).fill(-Infinity);
        const ids = new Float64Array(groups * 4).fill(0xffffffff);
        for (let group = 0; group < groups; group++) {
          const members = Array.from({ length: vocabulary }, (_, id) => id).filter(
            (id) => Math.floor(id / 4) % groups === group && logits![id] !== -Infinity,
          );
          members.sort((a, b) => {
            const [x, y] = [logits![a]!, logits![b]!];
            return higher(x, y) ? -1 : higher(y, x) ? 1 : a - b;
          });
          members.slice(0, 4).forEach((id, n) => {
            scores[group * 4 + n] = logits![id]!;
            ids[group * 4 + n] = id;
          });
        }
        return { scores, ids };
      },
    },
    tolerance: { scores: 0, ids: 0 },
  };
}

export const cases: readonly OpCase[] = [
  ...combine({ vocabulary: [2, 1001], special: [false, true] }).map(likeliestCase),
  likeliestCase({ vocabulary: 20_000, special: false }),
];
