import { TunesmithError } from '../../core/errors';
import { blockOf, randomizedSvd, truncatedSvd } from '../../core/truncated_svd';
import { message, type Message } from '../../core/messages/message';
import { linear } from '../../ops/linear';
import { wholeWeight } from '../../ops/products/dense_parts';
import type { Builder, Tensor } from '../../ops/op';
import type { AdapterKind, BoundModule, PartValues, TrainedModule } from './kind';
import { startsAsPissa } from '../../core/settings/starts';
import { addsPair, pairOf, pairParts, trainedPair } from './lora';
import { loraForm } from './lora_form';
import type { WholeSettings } from './settings';

const START_A = 'start_A';
/** −scale · B₀. It includes the factor, so that a plain linear map can apply it. */
const START_B = 'start_B';

/**
 * PiSSA (Meng et al. 2024, arXiv 2404.02948): LoRA whose pair begins as the principal part of the weight, A₀ = √(S /
 * scale) Vᵀ and B₀ = U √(S / scale) of its largest singular values, while the base computes with the rest of the
 * weight. In this program the base keeps its weight, and the graph subtracts the initial pair: y = x Wᵀ + scale ·
 * dropout(x) Aᵀ Bᵀ − scale · x A₀ᵀ B₀ᵀ. On a dense base that is PEFT's PiSSA to rounding. On a quantised base PEFT
 * quantises the rest of the weight; here the quantisation error is that of QLoRA, and the adapter trains on the same
 * base that it is used with afterwards.
 */
export const pissa: AdapterKind = {
  name: 'pissa',
  title: 'PiSSA',
  finetuningType: 'lora',
  isMeant: startsAsPissa,
  peft: loraForm,
  check({ use_dora, use_rslora, rank_pattern, alpha_pattern, init_lora_weights }) {
    if (use_dora) throw conflict(init_lora_weights, 'use_dora', message('pissa_or_dora'));
    const patterns = Object.keys({ ...rank_pattern, ...alpha_pattern }).length > 0;
    if (!use_rslora || !patterns) return;
    throw conflict(init_lora_weights, message('rslora_and_patterns'), message('pissa_scales'));
  },
  parts(shape) {
    const pair = pairParts(shape);
    const frozen = [START_A, START_B].map((part, index) => {
      const { shape: stored, padded } = pair[index]!;
      return { part, shape: stored, padded, start: 'weight', frozen: true } as const;
    });
    return [...pair.map((part) => ({ ...part, start: 'weight' }) as const), ...frozen];
  },
  origin: {
    block: (shape) => blockOf(shape, shape.rank),
    async start(weight, { rank, scale, out, in: input }, { init_lora_weights }, random) {
      const rounds = /^pissa_niter_(\d+)$/.exec(String(init_lora_weights))?.[1];
      const { U, S, V } =
        rounds === undefined
          ? await truncatedSvd(weight, rank, random)
          : await randomizedSvd(weight, rank, Number(rounds), random);
      const root = S.map((value) => Math.sqrt(value / scale));
      const A = Float32Array.from(V, (value, index) => value * root[Math.floor(index / input)]!);
      const B = new Float32Array(out * rank);
      for (let j = 0; j < rank; j++) {
        for (let row = 0; row < out; row++) B[row * rank + j] = U[j * out + row]! * root[j]!;
      }
      return { lora_A: A, lora_B: B, [START_A]: A, [START_B]: B.map((value) => -scale * value) };
    },
  },
  plain: {
    /** Doubled, as PEFT's `subtract_mutated_init` and `save_pretrained` do. */
    settings: (settings): WholeSettings => ({
      ...settings,
      init_lora_weights: true,
      r: 2 * settings.r,
      lora_alpha: settings.lora_alpha * (settings.use_rslora ? Math.SQRT2 : 2),
      rank_pattern: doubled(settings.rank_pattern),
      alpha_pattern: doubled(settings.alpha_pattern),
    }),
    /** [A; A₀] and [B, −B₀]: scale · (B A − B₀ A₀) as one pair. */
    parts({ parts, scale, rank, out, in: input }: TrainedModule): PartValues {
      const { lora_A: A, lora_B: B, [START_A]: startA, [START_B]: startB } = parts;
      if (!A || !B || !startA || !startB) throw new Error('this adapter has no start');
      const wideA = new Float32Array(2 * rank * input);
      wideA.set(A);
      wideA.set(startA, rank * input);
      const wideB = new Float32Array(2 * rank * out);
      for (let row = 0; row < out; row++) {
        const own = (values: Float32Array): Float32Array => values.subarray(row * rank, (row + 1) * rank);
        wideB.set(own(B), 2 * row * rank);
        wideB.set(
          own(startB).map((value) => value / scale),
          (2 * row + 1) * rank,
        );
      }
      return { lora_A: wideA, lora_B: wideB };
    },
  },
  linear(builder, { x, weight, bias, residual }, module) {
    const rest = withoutStart(builder, x, module, residual);
    return linear(builder, { x, weight, bias, residual: rest, lora: pairOf(module) });
  },
  inGeneration: (map, module) => ({
    map: { ...map, lora: pairOf(module) },
    finish: (builder, result, x) => withoutStart(builder, x, module, result),
  }),
  merge(module) {
    const { [START_A]: A, [START_B]: B } = module.parts;
    if (!A || !B) throw new Error('this adapter has no start');
    const add = addsPair(trainedPair(module), module);
    const subtract = addsPair({ A, B, scale: 1 }, module);
    return (rows, firstRow) => {
      add(rows, firstRow);
      subtract(rows, firstRow);
    };
  },
};

/** − scale · x A₀ᵀ B₀ᵀ, plus the residual. */
function withoutStart(builder: Builder, x: Tensor, { parts }: BoundModule, residual?: Tensor): Tensor {
  const { [START_A]: A, [START_B]: B } = parts;
  if (!A || !B) throw new Error('this adapter has no start');
  const z = linear(builder, { x, weight: wholeWeight(A) });
  return linear(builder, { x: z, weight: wholeWeight(B), ...(residual && { residual }) });
}

function doubled(pattern: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(pattern).map(([name, value]) => [name, 2 * value]));
}

function conflict(
  init: WholeSettings['init_lora_weights'],
  other: string | Message,
  hint: Message,
): TunesmithError {
  return new TunesmithError({
    code: 'settings_conflict',
    values: { setting: 'init_lora_weights', value: String(init), other, hint },
  });
}
