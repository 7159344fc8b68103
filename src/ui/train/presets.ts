import type { TrainSettings } from '../../core/settings/settings';

export const presetNames = ['quick', 'balanced', 'thorough'] as const;
export type PresetName = (typeof presetNames)[number];

/** The main settings, and those that go with them. */
type Preset = Pick<
  TrainSettings,
  'num_train_epochs' | 'learning_rate' | 'r' | 'lora_alpha' | 'max_seq_length' | 'max_steps'
>;

/** The settings of a preset, from the engine's defaults: `balanced` is the defaults themselves. */
export function presetSettings(name: PresetName, defaults: TrainSettings): Preset {
  const { num_train_epochs, learning_rate, r, lora_alpha, max_seq_length, max_steps } = defaults;
  const balanced = { num_train_epochs, learning_rate, r, lora_alpha, max_seq_length, max_steps };
  switch (name) {
    case 'quick':
      return { ...balanced, num_train_epochs: Math.max(1, Math.round(num_train_epochs / 3)) };
    case 'balanced':
      return balanced;
    case 'thorough':
      // alpha grows with r, so that the scale alpha / r stays.
      return { ...balanced, num_train_epochs: num_train_epochs * 2, r: r * 2, lora_alpha: lora_alpha * 2 };
  }
}

/** The preset with exactly these settings, if there is one. */
export function presetOf(settings: TrainSettings, defaults: TrainSettings): PresetName | undefined {
  const given: Readonly<Record<string, unknown>> = settings;
  return presetNames.find((name) => {
    const preset = presetSettings(name, defaults);
    return Object.entries(preset).every(([setting, value]) => given[setting] === value);
  });
}
