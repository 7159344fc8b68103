import { TunesmithError } from '../errors';
import { isRecord } from '../json';
import { nearestName } from '../nearest_name';
import { isNameOf, namesOf, type NameOf, type Setting, type Table, type Values } from './setting';

/**
 * The values that `input` (any JSON value) gives, with `defaults` for those that it leaves out.
 *
 * @throws TunesmithError `setting_invalid`, naming the first setting that is unknown or has a value that is not allowed
 */
export function parseValues<T extends Table>(table: T, input: unknown, defaults: Values<T>): Values<T> {
  if (!isRecord(input)) {
    throw invalid(`The settings must be an object of names and values, not ${shown(input)}.`);
  }
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  for (const [name] of given) requireSetting(table, name);
  const all: Readonly<Record<string, unknown>> = { ...defaults, ...Object.fromEntries(given) };
  const values = namesOf(table).map((name) => [name, parseValue(table, name, all[name])]);
  return Object.fromEntries(values) as Values<T>;
}

/** The value of one setting as a person types it. Throws `setting_invalid`, as `parseValues`. */
export function parseText<T extends Table>(table: T, name: string, text: string): Values<T>[NameOf<T>] {
  return parseValue(table, name, requireSetting(table, name).kind.fromText(text));
}

/**
 * What is wrong with a value, as a sentence that names the setting and what is allowed; undefined if nothing is.
 *
 * @param value of any type: what was read from a form, a file or a message
 */
export function problemOf({ kind }: Setting, name: string, value: unknown): string | undefined {
  return kind.read(value) ? undefined : `${name} must be ${kind.range}, not ${shown(value)}.`;
}

function parseValue<T extends Table>(table: T, name: string, value: unknown): Values<T>[NameOf<T>] {
  const setting = requireSetting(table, name);
  const read = setting.kind.read(value);
  if (read) return read.value;
  throw invalid(
    problemOf(setting, name, value) ?? '',
    `Correct ${name}; without it, ${shown(setting.default)} is used.`,
  );
}

function requireSetting(table: Table, name: string): Setting {
  const setting = isNameOf(table, name) ? table[name] : undefined;
  if (setting) return setting;
  const names = namesOf(table);
  const nearest = nearestName(name, names);
  throw invalid(
    `There is no setting called ${name}.`,
    nearest === undefined
      ? `The settings are ${names.join(', ')}.`
      : `Did you mean ${nearest}? Otherwise leave it out.`,
  );
}

function invalid(message: string, hint = 'Correct it and try again.'): TunesmithError {
  return new TunesmithError({ code: 'setting_invalid', message, hint });
}

function shown(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'an empty text' : `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  // JSON has no NaN and no infinity.
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
