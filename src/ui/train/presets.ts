import type { TrainSettings } from '../../core/settings/settings';

export const presetNames = ['quick', 'balanced', 'thorough'] as const;
export type PresetName = (typeof presetNames)[number];

type Preset = Pick<TrainSettings, 'num_train_epochs' | 'r' | 'lora_alpha' | 'max_steps'>;

/** The settings of a preset, from the engine's defaults: `balanced` is the defaults themselves. */
export function presetSettings(name: PresetName, defaults: TrainSettings): Preset {
  const { num_train_epochs, r, lora_alpha, max_steps } = defaults;
  switch (name) {
    case 'quick':
      return { num_train_epochs: Math.max(1, Math.round(num_train_epochs / 3)), r, lora_alpha, max_steps };
    case 'balanced':
      return { num_train_epochs, r, lora_alpha, max_steps };
    case 'thorough':
      // alpha grows with r, so that the scale alpha / r stays.
      return { num_train_epochs: num_train_epochs * 2, r: r * 2, lora_alpha: lora_alpha * 2, max_steps };
  }
}

/** The preset with exactly these settings, if there is one. */
export function presetOf(settings: TrainSettings, defaults: TrainSettings): PresetName | undefined {
  return presetNames.find((name) => {
    const preset = presetSettings(name, defaults);
    return (
      preset.num_train_epochs === settings.num_train_epochs &&
      preset.r === settings.r &&
      preset.lora_alpha === settings.lora_alpha &&
      preset.max_steps === settings.max_steps
    );
  });
}
