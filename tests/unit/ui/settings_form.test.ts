import { beforeEach, describe, expect, it } from 'vitest';
import { inEnglish } from '../../../src/core/messages/english';
import { DEFAULTS, parseSettings, SETTING_NAMES, SETTINGS } from '../../../src/core/settings/settings';
import { groupsOf, isOpen } from '../../../src/core/settings/setting';
import { presetNames, presetOf, presetSettings } from '../../../src/ui/train/presets';
import { SettingsState } from '../../../src/ui/train/settings.svelte';
import { engineOf, stubLocalStorage } from './engine';

let kept: Map<string, string>;

beforeEach(() => {
  kept = stubLocalStorage();
});

function begun(defaults = DEFAULTS): SettingsState {
  const settings = new SettingsState();
  settings.begin(defaults);
  return settings;
}

describe('the form for training settings', () => {
  it('has one field for every setting that leaves a choice', () => {
    const names = groupsOf(SETTINGS).flatMap((group) => group.names);
    expect(names.toSorted()).toEqual(SETTING_NAMES.filter((name) => isOpen(SETTINGS[name])).sort());
  });

  it('knows nothing before it is told the defaults', () => {
    const settings = new SettingsState();
    expect(settings.values).toBeUndefined();
    expect(settings.valid).toBe(false);
  });

  it('asks the engine for the defaults', async () => {
    const settings = new SettingsState();
    await settings.load(
      engineOf({ models: { defaults: () => Promise.resolve({ ...DEFAULTS, r: 4 }) } }).remote,
    );
    expect(settings.values).toEqual({ ...DEFAULTS, r: 4 });
    expect(settings.valid).toBe(true);
  });

  it('chooses a dtype', () => {
    const settings = begun();
    settings.set('dtype', 'float16');
    expect(settings.values?.dtype).toBe('float16');
    expect(settings.quantization).toEqual({ ...settings.quantization, dtype: 'float16' });
    expect(begun().values?.dtype).toBe('float16');
  });

  it('says what is wrong, shows it as typed, and uses and keeps the default meanwhile', () => {
    const settings = begun();
    settings.set('r', 8);
    settings.set('r', 'eig');
    settings.set('lora_alpha', 5000);
    expect(inEnglish(settings.problems.get('r')!)).toBe(
      'r must be a whole number from 1 to 1024, not “eig”.',
    );
    expect(settings.shown?.['r']).toBe('eig');
    expect(settings.values).toEqual({ ...DEFAULTS, lora_alpha: 5000 });
    expect(settings.valid).toBe(false);
    expect(JSON.parse(kept.get('tunesmith.settings') ?? '')).toEqual({ lora_alpha: 5000 });
    settings.set('r', 8);
    expect(settings.valid).toBe(true);
  });

  it('keeps changes only, so that better defaults reach the rest', () => {
    const settings = begun();
    settings.set('r', 8);
    settings.set('seed', 7);
    settings.set('seed', DEFAULTS.seed);
    const next = begun({ ...DEFAULTS, seed: 9, learning_rate: 1e-3 });
    expect(next.values).toEqual({ ...DEFAULTS, r: 8, seed: 9, learning_rate: 1e-3 });
    expect(next.changed).toBe(1);
  });

  it('keeps a choice over defaults that are the same, until others take their place', () => {
    const settings = begun();
    settings.set('learning_rate', 1e-3);
    settings.begin({ ...DEFAULTS, learning_rate: 1e-3 });
    expect(settings.hasChanged('learning_rate')).toBe(false);
    settings.set('seed', 7);
    settings.begin(DEFAULTS);
    expect(settings.values).toEqual({ ...DEFAULTS, learning_rate: 1e-3, seed: 7 });
    settings.set('learning_rate', DEFAULTS.learning_rate);
    expect(begun().values).toEqual({ ...DEFAULTS, seed: 7 });
  });

  it('takes nothing of another shape from storage', () => {
    for (const text of ['[]', 'no JSON', '{"r":0,"bananas":1,"seed":"7","shuffle":false}']) {
      kept.set('tunesmith.settings', text);
      expect(begun().values).toEqual(text.startsWith('{') ? { ...DEFAULTS, shuffle: false } : DEFAULTS);
    }
  });

  it('goes back to the defaults, all or one', () => {
    const settings = begun();
    settings.setAll({ r: 8, load_in_4bit: false, learning_rate: 'fast' });
    settings.resetOne('r');
    expect(settings.shown).toEqual({ ...DEFAULTS, load_in_4bit: false, learning_rate: 'fast' });
    expect(begun().values).toEqual({ ...DEFAULTS, load_in_4bit: false });
    settings.reset();
    expect(settings.values).toEqual(DEFAULTS);
    expect(settings.problems.size).toBe(0);
    expect(begun().values).toEqual(DEFAULTS);
  });

  it('knows which settings do nothing, and because of which other', () => {
    const settings = begun();
    expect(settings.unused('bnb_4bit_use_double_quant')).toBeUndefined();
    settings.setAll({ load_in_4bit: false, lr_scheduler_type: 'constant', eval_split: 0 });
    expect(settings.unused('bnb_4bit_use_double_quant')).toEqual({ setting: 'load_in_4bit', not: false });
    expect(settings.unused('warmup_steps')).toEqual({ setting: 'lr_scheduler_type', not: 'constant' });
    expect(settings.unused('eval_steps')).toEqual({ setting: 'eval_split', not: 0 });
    expect(settings.unused('r')).toBeUndefined();
  });

  it('keeps what a file says, also where that is the default now', () => {
    const settings = begun();
    settings.set('seed', 7);
    settings.take({ learning_rate: DEFAULTS.learning_rate, r: 8 });
    expect(settings.values).toEqual({ ...DEFAULTS, r: 8, seed: 7 });
    expect(settings.hasChanged('learning_rate')).toBe(false);
    settings.begin({ ...DEFAULTS, learning_rate: 1e-2 });
    expect(settings.values).toEqual({ ...DEFAULTS, r: 8, seed: 7 });
    settings.reset();
    expect(begun({ ...DEFAULTS, learning_rate: 1e-2 }).values?.learning_rate).toBe(1e-2);
  });

  it('offers presets that are valid and that it recognises', () => {
    for (const name of presetNames) {
      const settings = begun();
      settings.set('num_train_epochs', 77);
      settings.applyPreset(name);
      expect(settings.preset).toBe(name);
      const preset = parseSettings(presetSettings(name, DEFAULTS));
      expect(preset.lora_alpha / preset.r).toBe(DEFAULTS.lora_alpha / DEFAULTS.r);
    }
    for (const change of [{ r: 3 }, { learning_rate: 1e-3 }, { max_seq_length: 384 }]) {
      expect(presetOf({ ...DEFAULTS, ...change }, DEFAULTS)).toBeUndefined();
    }
  });
});
