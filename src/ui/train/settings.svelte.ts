import { loadSettingsOf, DEFAULTS, SETTINGS, type LoadSettings } from '../../core/settings/settings';
import type { RemoteEngine } from '../../worker/protocol';
import { FormState } from '../shared/form.svelte';
import { presetOf, presetSettings, type PresetName } from './presets';

/** The settings of training and loading. */
export class SettingsState extends FormState<typeof SETTINGS> {
  readonly preset = $derived(this.values && this.defaults && presetOf(this.values, this.defaults));
  readonly quantization: LoadSettings = $derived(loadSettingsOf(this.values ?? DEFAULTS));

  constructor() {
    super(SETTINGS, 'settings');
  }

  /** Requests the defaults, which may depend on the open model. */
  async load(engine: Pick<RemoteEngine, 'models'>): Promise<void> {
    this.begin(await engine.models.defaults());
  }

  applyPreset(name: PresetName): void {
    if (this.defaults) this.setAll(presetSettings(name, this.defaults));
  }
}
