/** Files of other programs that describe a training: what this program can set from them, and what it can't. */
import { isRecord } from '../../json';
import { message, type Message } from '../../messages/message';
import type { Setting } from '../setting';
import { SETTINGS, type SettingName, type TrainSettings } from '../table';

export type Fields = Readonly<Record<string, unknown>>;

/** How a setting is found in the other program's file. */
export interface Source {
  /** The keys that say it. */
  readonly keys: readonly string[];
  /**
   * Its value, with the other program's default for a key that the file leaves out; a value that the setting does not
   * allow if it has no counterpart here.
   */
  readonly value: (fields: Fields) => unknown;
  /** Whether the setting stays as it is if the file has none of the keys: it does not change what is learnt. */
  readonly optional?: true;
}

/** The file of another program. */
export interface ForeignFormat {
  /** The program's name. */
  readonly program: string;
  /** Whether a file is of this program. */
  matches(fields: Fields): boolean;
  readonly sources: Readonly<Partial<Record<SettingName, Source>>>;
  /** Whether a key says nothing beyond what this program does anyway. */
  isImplied(key: string, value: unknown): boolean;
  /** A reason to refuse the file. */
  refusal?(fields: Fields): Message | undefined;
}

export interface ForeignSettings {
  readonly settings: Partial<TrainSettings>;
  /** Defaults of the other program that were taken, and keys that could not be set. */
  readonly notes: readonly Message[];
}

/** Reads a file as one of this format. */
export function foreignSettings(format: ForeignFormat, fields: Fields): ForeignSettings {
  const settings: Record<string, unknown> = {};
  const assumed: string[] = [];
  const used = new Set<string>();
  for (const [name, { keys, value, optional = false }] of Object.entries(format.sources)) {
    const named = keys.filter((key) => (fields[key] ?? null) !== null);
    if (named.length === 0 && optional) continue;
    const { kind }: Setting = SETTINGS[name as SettingName];
    const meant = value(fields);
    const read = kind.read(typeof meant === 'string' ? kind.fromText(meant) : meant);
    if (!read) continue;
    settings[name] = read.value;
    named.forEach((key) => used.add(key));
    if (named.length === 0) assumed.push(shown(name, read.value));
  }
  const left = Object.entries(fields).filter(
    ([key, value]) =>
      !used.has(key) && value !== null && value !== undefined && !format.isImplied(key, value),
  );
  const { program } = format;
  return {
    settings,
    notes: [
      ...(assumed.length > 0 ? [message('settings_assumed', { program, settings: assumed })] : []),
      ...(left.length > 0
        ? [message('settings_left', { program, keys: left.map(([key, value]) => shown(key, value)) })]
        : []),
    ],
  };
}

/** A key with its value as YAML has them on one line. */
function shown(key: string, value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return `${key}: ${text}`;
}

/** Whether a value is empty: null, false, or without content. */
export function isEmpty(value: unknown): boolean {
  if (value === null || value === false || value === '') return true;
  return Array.isArray(value) ? value.length === 0 : isRecord(value) && Object.keys(value).length === 0;
}

/** The value of a key as it is. @param fallback for a file without it */
export const direct = (key: string, fallback: unknown): Source => ({
  keys: [key],
  value: (fields) => fields[key] ?? fallback,
});

/** As `direct`, for a setting that stays as it is without the key. */
export const ifNamed = (key: string): Source => ({
  keys: [key],
  value: (fields) => fields[key],
  optional: true,
});
