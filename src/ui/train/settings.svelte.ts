import { record, string, unknown } from 'valibot';
import type { LoadSettings, TrainSettings } from '../../core/settings/settings';
import type { RemoteEngine } from '../../worker/protocol';
import { keep, readKept } from '../shared/persist';
import { allFields, panelFields, type SettingName, type SettingValue } from './fields';
import { presetOf, presetSettings, type PresetName } from './presets';
import { fieldProblem, settingsProblems } from './validate';

const storageKey = 'settings';
const loadNames = ['load_in_4bit', 'bnb_4bit_use_double_quant', 'dtype'] as const;

/**
 * The form's settings: the engine's defaults with the visitor's changes on top. Only changes are kept across reloads,
 * so that better defaults reach those who never changed them.
 */
export class SettingsState {
  /** Undefined until the engine has told them. */
  defaults: TrainSettings | undefined = $state.raw();
  #changes: Readonly<Partial<TrainSettings>> = $state.raw({});

  /** Defaults and changes together; undefined until the defaults are known. */
  readonly values = $derived(this.defaults && { ...this.defaults, ...this.#changes });
  /** What is wrong, by the setting's name. */
  readonly problems = $derived(settingsProblems(this.values));
  readonly valid = $derived(this.values !== undefined && this.problems.size === 0);
  readonly preset = $derived(this.values && this.defaults && presetOf(this.values, this.defaults));
  readonly changedInPanel = $derived(panelFields.filter((field) => field.name in this.#changes).length);
  readonly wrongInPanel = $derived(panelFields.filter((field) => this.problems.has(field.name)).length);
  readonly quantization: LoadSettings = $derived({
    load_in_4bit: this.values?.load_in_4bit ?? true,
    bnb_4bit_use_double_quant: this.values?.bnb_4bit_use_double_quant ?? true,
    dtype: this.values?.dtype ?? 'auto',
  });

  /** Asks for the defaults: a model that is open may have better ones than those for any. */
  async load(engine: Pick<RemoteEngine, 'defaults'>): Promise<void> {
    const defaults = await engine.defaults();
    this.defaults = defaults;
    this.#changes = changesFrom(readKept(storageKey, record(string(), unknown())) ?? {}, defaults);
  }

  set(name: SettingName, value: SettingValue): void {
    this.setAll({ [name]: value });
  }

  setAll(values: Partial<TrainSettings>): void {
    if (this.defaults) this.#replace(changesFrom({ ...this.#changes, ...values }, this.defaults, false));
  }

  applyPreset(name: PresetName): void {
    if (this.defaults) this.setAll(presetSettings(name, this.defaults));
  }

  reset(): void {
    const quantization = this.quantization;
    this.#replace({});
    this.setAll(quantization);
  }

  #replace(changes: Partial<TrainSettings>): void {
    this.#changes = changes;
    keep(storageKey, changes);
  }
}

/** Those of `values` that are settings and differ from the defaults; with `onlyValid`, those without a problem. */
function changesFrom(
  values: Readonly<Record<string, unknown>>,
  defaults: TrainSettings,
  onlyValid = true,
): Partial<TrainSettings> {
  const changes: Record<string, unknown> = {};
  for (const name of loadNames) {
    if (typeof values[name] === 'boolean' && values[name] !== defaults[name]) changes[name] = values[name];
  }
  for (const field of allFields) {
    const value = values[field.name];
    if (value === undefined || JSON.stringify(value) === JSON.stringify(defaults[field.name])) continue;
    if (!onlyValid || fieldProblem(field, value) === undefined) changes[field.name] = value;
  }
  return changes;
}
