import * as v from 'valibot';
import { linear } from '../../ops/linear';
import { magnitudeScale } from '../../ops/magnitude';
import type { Tensor } from '../../ops/op';
import type { AdapterKind, BoundModule, PartValues, PeftForm } from './kind';
import type { WholeSettings } from './settings';

const FACTORS = 'ia3_l';

const entries = {
  feedforward_modules: v.nullish(v.array(v.pipe(v.string(), v.minLength(1))), []),
};

/** PEFT's IA3Config. */
const ia3Form: PeftForm = {
  type: 'IA3',
  entries,
  harmless: ['init_ia3_weights'],
  alsoNames: scalesInput,
  // PEFT refuses names that `target_modules` lacks.
  write: (_, alsoNamed) => ({
    fan_in_fan_out: false,
    feedforward_modules: [...alsoNamed],
    init_ia3_weights: true,
  }),
  read(fields): Partial<WholeSettings> {
    const { feedforward_modules } = v.parse(v.object(entries), fields);
    return { finetuning_type: 'ia3', feedforward_modules };
  },
};

/**
 * IA³ (Liu et al. 2022, arXiv 2205.05638), as in PEFT: y = l ⊙ (x Wᵀ + bias), or y = (l ⊙ x) Wᵀ + bias for the maps that
 * `feedforward_modules` names. The factors l start at one.
 */
export const ia3: AdapterKind = {
  name: 'ia3',
  title: 'IA³',
  finetuningType: 'ia3',
  peft: ia3Form,
  parts({ path, in: input, out }, settings) {
    const ofInput = scalesInput(path, settings);
    return [
      {
        part: FACTORS,
        file: FACTORS,
        shape: ofInput ? [1, input] : [out, 1],
        padded: ofInput ? [1, input] : [out, 1],
        start: { value: 1 },
      },
    ];
  },
  linear(builder, { x, weight, bias, residual }, module) {
    const magnitude = factorsOf(module);
    if (scalesInput(module.path, module.settings)) {
      return linear(builder, { x: magnitudeScale(builder, { x, magnitude }), weight, bias, residual });
    }
    return magnitudeScale(builder, { x: linear(builder, { x, weight, bias }), magnitude, residual });
  },
  inGeneration({ weight, bias }, module) {
    const magnitude = factorsOf(module);
    if (scalesInput(module.path, module.settings)) {
      return {
        alone: (builder, x) =>
          linear(builder, { x: magnitudeScale(builder, { x, magnitude }), weight, bias }),
      };
    }
    return { map: { weight, bias }, finish: (builder, x) => magnitudeScale(builder, { x, magnitude }) };
  },
  merge({ path, in: input, parts }, settings) {
    const factors = valuesOf(parts);
    const ofInput = scalesInput(path, settings);
    return (rows, firstRow) => {
      for (let i = 0; i < rows.length; i++) {
        const column = i % input;
        rows[i]! *= factors[ofInput ? column : firstRow + (i - column) / input]!;
      }
    };
  },
  mergeBias({ path, parts }, settings) {
    if (scalesInput(path, settings)) return undefined;
    const factors = valuesOf(parts);
    return (bias) => {
      for (let i = 0; i < bias.length; i++) bias[i]! *= factors[i]!;
    };
  },
};

/** Whether the factors are those of the inputs. */
function scalesInput(path: string, { feedforward_modules }: WholeSettings): boolean {
  return feedforward_modules.some((name) => path === name || path.endsWith(`.${name}`));
}

function factorsOf({ parts }: BoundModule): Tensor {
  const factors = parts[FACTORS];
  if (!factors) throw new Error('this adapter has no factors');
  return factors;
}

function valuesOf(parts: PartValues): Float32Array {
  const factors = parts[FACTORS];
  if (!factors) throw new Error('this adapter has no factors');
  return factors;
}
