/** Derived from the table of settings: defaults, parsers, and keys that are equal for equivalent settings. */
import { counts, defaultsOf, isNameOf, namesOf, type Decision, type Setting } from './setting';
import { isRecord } from '../json';
import { parseText, parseValues } from './parse';
import {
  ANSWER_SETTINGS,
  SETTINGS,
  type AnswerSettingName,
  type AnswerSettings,
  type DataSettings,
  type LoadSettings,
  type SettingName,
  type SettingValue,
  type TrainSettings,
} from './table';

export { ANSWER_SETTINGS, MOST_SAMPLE_PROMPTS, SETTINGS } from './table';
export type {
  AnswerSettingName,
  AnswerSettings,
  DataSettings,
  LoadSettings,
  SettingName,
  SettingValue,
  TrainSettings,
} from './table';

export const DEFAULTS: TrainSettings = defaultsOf(SETTINGS);
export const ANSWER_DEFAULTS: AnswerSettings = defaultsOf(ANSWER_SETTINGS);

export const SETTING_NAMES: readonly SettingName[] = namesOf(SETTINGS);
export const ANSWER_SETTING_NAMES: readonly AnswerSettingName[] = namesOf(ANSWER_SETTINGS);

export function isSettingName(name: string): name is SettingName {
  return isNameOf(SETTINGS, name);
}

/** A setting's value as people write it, in a form or on a command line. */
export function settingText(name: SettingName, value: unknown): string {
  const { kind }: { readonly kind: { toText(value: unknown): string } } = SETTINGS[name];
  return kind.toText(value);
}

/** The settings that affect one thing, in the table's order. */
export function settingsThatDecide(what: Decision): readonly SettingName[] {
  return SETTING_NAMES.filter((name) => entryOf(name).decides.includes(what));
}

/** How the base is loaded. */
export const LOAD_SETTINGS = settingsThatDecide('load') as readonly (keyof LoadSettings)[];
/** The settings that the examples' tokens depend on. */
export const DATA_SETTINGS = settingsThatDecide('data') as readonly (keyof DataSettings)[];

/** Settings that a run keeps to its end: those of its adapter, its order of examples, its data and its base. */
export const FIXED_SETTINGS: readonly SettingName[] = SETTING_NAMES.filter((name) => {
  const { fixed, decides } = entryOf(name);
  return fixed !== undefined || decides.includes('data') || decides.includes('load');
});

/** Settings that an adapter keeps if a run begins with it. */
export const ADAPTER_SETTINGS: readonly SettingName[] = SETTING_NAMES.filter(
  (name) => entryOf(name).fixed === 'adapter',
);

export const MAIN_SETTINGS: readonly SettingName[] = SETTING_NAMES.filter(
  (name) => SETTINGS[name].group === 'main',
);

/** A text that is equal for settings that agree in the named ones. Settings without an effect are left out. */
export function keyOf<Name extends SettingName>(
  names: readonly Name[],
  settings: Readonly<Pick<TrainSettings, Name>>,
): string {
  const values: Readonly<Partial<TrainSettings>> = settings;
  return JSON.stringify(names.map((name) => (counts(entryOf(name), values) ? settings[name] : null)));
}

/** A key that is equal for loading settings that give the same base. */
export function loadKey(load: LoadSettings): string {
  return keyOf(LOAD_SETTINGS, load);
}

/** The data settings of the first version, in the order of its key. This list never changes: see `dataKey`. */
const FIRST_DATA_SETTINGS = [
  'max_seq_length',
  'objective',
  'train_on',
  'template',
  'eval_split',
  'seed',
] as const satisfies readonly (keyof DataSettings)[];

const isFirst = (name: string): boolean => FIRST_DATA_SETTINGS.some((first) => first === name);

/**
 * A key that is equal for settings that make the same tokens of the same examples. Checkpoints hold its hash, and a run can
 * be continued only if the hash is the same. So the keys of older settings must stay as they are: a setting that was added
 * after the first version is in the key only if its value is not the default.
 */
export function dataKey(settings: DataSettings): string {
  const later = DATA_SETTINGS.filter((name) => {
    const differs = JSON.stringify(settings[name]) !== JSON.stringify(DEFAULTS[name]);
    return !isFirst(name) && differs && counts(entryOf(name), { ...settings });
  });
  const first = keyOf(FIRST_DATA_SETTINGS, settings);
  if (later.length === 0) return first;
  return first + JSON.stringify(Object.fromEntries(later.map((name) => [name, settings[name]])));
}

const MEMORY_SETTINGS = settingsThatDecide('memory');

/** A key that is equal for settings with which a run over the same examples takes the same memory. */
export function memoryKey(settings: TrainSettings): string {
  return keyOf(MEMORY_SETTINGS, settings);
}

/** Picks the loading settings. */
export function loadSettingsOf(settings: LoadSettings): LoadSettings {
  return Object.fromEntries(LOAD_SETTINGS.map((name) => [name, settings[name]])) as unknown as LoadSettings;
}

/** How a base is loaded, as a person would type it: "load_in_4bit true", "dtype auto". */
export function loadTexts(load: LoadSettings): readonly string[] {
  return LOAD_SETTINGS.map((name) => `${name} ${String(load[name])}`);
}

/** Whether a value, of JSON for instance, holds all loading settings. */
export function isLoadSettings(value: unknown): value is LoadSettings {
  return isRecord(value) && LOAD_SETTINGS.every((name) => entryOf(name).kind.read(value[name]) !== undefined);
}

/**
 * The settings that `input` (any JSON value) gives, with `defaults` for those that it leaves out.
 *
 * @throws TunesmithError `setting_invalid`, naming the first setting that is unknown or has a value that is not allowed
 */
export function parseSettings(input: unknown, defaults: TrainSettings = DEFAULTS): TrainSettings {
  return parseValues(SETTINGS, input, defaults);
}

/** As `parseSettings`, for the settings of an answer. */
export function parseAnswerSettings(
  input: unknown,
  defaults: AnswerSettings = ANSWER_DEFAULTS,
): AnswerSettings {
  return parseValues(ANSWER_SETTINGS, input, defaults);
}

/**
 * The value of one setting as typed on a command line: numbers (`2e-4`), `true` and `false`, names, lists between commas.
 *
 * @throws TunesmithError as `parseSettings`
 */
export function settingFromText(name: string, text: string): SettingValue {
  return parseText(SETTINGS, name, text);
}

/** As `settingFromText`, for the settings of an answer. */
export function answerSettingFromText(name: string, text: string): AnswerSettings[AnswerSettingName] {
  return parseText(ANSWER_SETTINGS, name, text);
}

function entryOf(name: SettingName): Setting {
  return SETTINGS[name];
}
