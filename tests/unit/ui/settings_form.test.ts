import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { allFields } from '../../../src/ui/train/fields';
import { presetNames, presetOf, presetSettings } from '../../../src/ui/train/presets';
import { parseNumber, settingsProblems } from '../../../src/ui/train/validate';

describe('the form for training settings', () => {
  it('has one field for every setting; the two about loading are in the model step', () => {
    const names = [
      ...allFields.map((field) => field.name),
      'load_in_4bit',
      'bnb_4bit_use_double_quant',
      'dtype',
    ];
    expect(names.toSorted()).toEqual(Object.keys(DEFAULTS).toSorted());
  });

  it('finds nothing wrong with the defaults', () => {
    expect([...settingsProblems(DEFAULTS)]).toEqual([]);
  });

  it('says at the field what is wrong', () => {
    const problems = settingsProblems({
      ...DEFAULTS,
      learning_rate: 0,
      r: 1.5,
      eval_split: 0.6,
      max_steps: 0,
      lora_alpha: Number.NaN,
      target_modules: [],
    });
    expect(Object.fromEntries(problems)).toEqual({
      learning_rate: 'Must be more than 0.',
      r: 'Enter a whole number.',
      eval_split: 'Must be at most 0.5.',
      max_steps: 'Cannot be 0.',
      lora_alpha: 'Enter a number.',
      target_modules: 'Choose at least one layer.',
    });
  });

  it('reads numbers as people write them', () => {
    expect(parseNumber(' 2e-4 ')).toBe(2e-4);
    expect(parseNumber('−1')).toBe(-1);
    expect(parseNumber('')).toBeNaN();
    expect(parseNumber('two')).toBeNaN();
  });

  it('offers presets that are valid and that it recognises', () => {
    for (const name of presetNames) {
      const settings = { ...DEFAULTS, ...presetSettings(name, DEFAULTS) };
      expect(settingsProblems(settings).size).toBe(0);
      expect(presetOf(settings, DEFAULTS)).toBe(name);
      expect(settings.lora_alpha / settings.r).toBe(DEFAULTS.lora_alpha / DEFAULTS.r);
    }
    expect(presetOf({ ...DEFAULTS, r: 3 }, DEFAULTS)).toBeUndefined();
  });
});
