import { TunesmithError } from '../errors';
import { isRecord } from '../json';
import { message, type ErrorValues, type Message } from '../messages/message';
import { nearestName } from '../nearest_name';
import { isNameOf, namesOf, type NameOf, type Setting, type Table, type Values } from './setting';

/**
 * Reads the values that `input` (any JSON value) has, with `defaults` for the settings that it leaves out.
 *
 * @throws TunesmithError `setting_unknown` or `setting_invalid`, naming the first setting that is unknown or has a value that
 *   is not allowed; `settings_no_object`
 */
export function parseValues<T extends Table>(table: T, input: unknown, defaults: Values<T>): Values<T> {
  if (!isRecord(input)) {
    throw new TunesmithError({ code: 'settings_no_object', values: { value: shown(input) } });
  }
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  for (const [name] of given) requireSetting(table, name);
  const all: Readonly<Record<string, unknown>> = { ...defaults, ...Object.fromEntries(given) };
  const values = namesOf(table).map((name) => [name, parseValue(table, name, all[name])]);
  return Object.fromEntries(values) as Values<T>;
}

/** The value of one setting as a person types it. Throws as `parseValues`. */
export function parseText<T extends Table>(table: T, name: string, text: string): Values<T>[NameOf<T>] {
  return parseValue(table, name, requireSetting(table, name).kind.fromText(text));
}

/**
 * The fault of a value, with the setting's name and the allowed range; undefined if the value is allowed.
 *
 * @param value of any type, as read from a form, a file or a message
 */
export function problemOf(setting: Setting, name: string, value: unknown): Message | undefined {
  if (setting.kind.read(value)) return undefined;
  return { code: 'setting_invalid', values: refusalOf(setting, name, value) };
}

function refusalOf(setting: Setting, name: string, value: unknown): ErrorValues<'setting_invalid'> {
  const { kind, default: fallback } = setting;
  return { name, range: kind.range, value: shown(value), fallback: shown(fallback) };
}

function parseValue<T extends Table>(table: T, name: string, value: unknown): Values<T>[NameOf<T>] {
  const setting = requireSetting(table, name);
  const read = setting.kind.read(value);
  if (read) return read.value;
  throw new TunesmithError({ code: 'setting_invalid', values: refusalOf(setting, name, value) });
}

function requireSetting(table: Table, name: string): Setting {
  const setting = isNameOf(table, name) ? table[name] : undefined;
  if (setting) return setting;
  const names = namesOf(table);
  const nearest = nearestName(name, names) ?? null;
  throw new TunesmithError({ code: 'setting_unknown', values: { name, nearest, names } });
}

/** A value as it was given; a message names the empty text, which can't be seen. */
function shown(value: unknown): string | Message {
  return value === '' ? message('setting_empty_text') : quoted(value);
}

function quoted(value: unknown): string {
  if (typeof value === 'string') return `“${value}”`;
  if (Array.isArray(value)) return `[${value.map(quoted).join(', ')}]`;
  // JSON has no NaN and no infinity.
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
