import {
  array,
  boolean,
  check,
  minLength,
  number,
  object,
  picklist,
  pipe,
  safeParse,
  union,
  type GenericSchema,
} from 'valibot';
import { TunesmithError } from '../core/errors';
import { isRecord } from '../core/json';
import { LINEAR_MODULES } from '../core/linear_modules';
import { DEFAULTS, type SettingName, type SettingValue, type TrainSettings } from './settings';

const whole = (min: number, max: number) => {
  const allowed = `must be a whole number from ${min} to ${max}`;
  const fits = (value: number) => Number.isInteger(value) && value >= min && value <= max;
  return pipe(number(allowed), check(fits, allowed));
};

const from = (min: number, max: number) => {
  const allowed = `must be a number from ${min} to ${max}`;
  return pipe(
    number(allowed),
    check((value) => value >= min && value <= max, allowed),
  );
};

const above = (min: number, max: number) => {
  const allowed = `must be a number above ${min} and at most ${max}`;
  return pipe(
    number(allowed),
    check((value) => value > min && value <= max, allowed),
  );
};

const below = (min: number, limit: number) => {
  const allowed = `must be a number of at least ${min} and below ${limit}`;
  return pipe(
    number(allowed),
    check((value) => value >= min && value < limit, allowed),
  );
};

const flag = boolean('must be true or false');

const oneOf = <const T extends readonly string[]>(options: T) =>
  picklist(options, `must be one of ${options.join(', ')}`);

const maxSteps = 'must be a whole number from 1 to 10000000, or -1 for as many as the epochs have';
const modules = `must be 'all-linear' or a list of at least one of ${LINEAR_MODULES.join(', ')}, each named once`;

const entries = {
  load_in_4bit: flag,
  bnb_4bit_use_double_quant: flag,
  dtype: oneOf(['auto', 'float16', 'float32']),
  per_device_train_batch_size: whole(1, 1024),
  gradient_accumulation_steps: whole(1, 4096),
  learning_rate: above(0, 1),
  lr_scheduler_type: oneOf(['linear', 'cosine', 'constant', 'constant_with_warmup']),
  warmup_steps: whole(0, 10_000_000),
  warmup_ratio: from(0, 1),
  weight_decay: from(0, 1),
  adam_beta1: below(0, 1),
  adam_beta2: below(0, 1),
  adam_epsilon: above(0, 1),
  max_grad_norm: from(0, 1e6),
  num_train_epochs: above(0, 10_000),
  max_steps: pipe(
    number(maxSteps),
    check(
      (value) => value === -1 || (Number.isInteger(value) && value >= 1 && value <= 10_000_000),
      maxSteps,
    ),
  ),
  max_seq_length: whole(8, 1_048_576),
  logging_steps: whole(1, 1_000_000),
  save_steps: whole(1, 10_000_000),
  save_total_limit: whole(1, 1000),
  eval_steps: whole(0, 10_000_000),
  eval_split: from(0, 0.5),
  seed: whole(0, 2 ** 32 - 1),
  shuffle: flag,
  r: whole(1, 1024),
  lora_alpha: above(0, 65_536),
  lora_dropout: below(0, 1),
  target_modules: union(
    [
      picklist(['all-linear'], modules),
      pipe(
        array(picklist(LINEAR_MODULES, modules), modules),
        minLength(1, modules),
        check((names) => new Set(names).size === names.length, modules),
      ),
    ],
    modules,
  ),
  use_rslora: flag,
  gradient_checkpointing: flag,
  train_on: oneOf(['responses', 'all']),
  template: oneOf(['model', 'alpaca']),
} satisfies { [Name in SettingName]: GenericSchema<TrainSettings[Name], TrainSettings[Name]> };

const schema = object(entries);

export const SETTING_NAMES = Object.keys(entries) as readonly SettingName[];

export function isSettingName(name: string): name is SettingName {
  return Object.hasOwn(entries, name);
}

/**
 * The settings that `input` (any JSON value) gives, with `DEFAULTS` for those that it leaves out.
 *
 * @throws TunesmithError `setting_invalid`, naming the first setting that is unknown or has a value that is not allowed
 */
export function parseSettings(input: unknown, defaults: TrainSettings = DEFAULTS): TrainSettings {
  if (!isRecord(input)) {
    throw invalid(`The settings must be an object of names and values, not ${show(input)}.`);
  }
  const given = Object.entries(input).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) parseSetting(name, value);
  const whole = safeParse(schema, { ...defaults, ...Object.fromEntries(given) });
  if (!whole.success) throw invalid(`The settings are wrong: ${whole.issues[0].message}.`);
  return whole.output;
}

/**
 * The value of one setting as typed on a command line: numbers (`2e-4`), `true` and `false`, names, and for
 * `target_modules` names between commas.
 *
 * @throws TunesmithError `setting_invalid`, as `parseSettings`
 */
export function settingFromText(name: string, text: string): SettingValue {
  return parseSetting(name, name === 'target_modules' ? modulesFromText(text) : valueFromText(text));
}

function parseSetting(name: string, value: unknown): SettingValue {
  if (!isSettingName(name)) {
    const nearest = nearestName(name, SETTING_NAMES);
    throw invalid(
      `There is no setting called ${name}.`,
      nearest === undefined
        ? `The settings are ${SETTING_NAMES.join(', ')}.`
        : `Did you mean ${nearest}? Otherwise leave it out.`,
    );
  }
  const result = safeParse<GenericSchema<SettingValue, SettingValue>>(entries[name], value);
  if (!result.success) {
    throw invalid(
      `${name} ${result.issues[0].message}, not ${show(value)}.`,
      `Correct ${name}; without it, ${show(DEFAULTS[name])} is used.`,
    );
  }
  return result.output;
}

function invalid(message: string, hint = 'Correct it and try again.'): TunesmithError {
  return new TunesmithError({ code: 'setting_invalid', message, hint });
}

function show(value: unknown): string {
  if (typeof value === 'string') return value === '' ? 'an empty text' : `'${value}'`;
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  // JSON has no NaN and no infinity.
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

function valueFromText(text: string): unknown {
  const trimmed = text.trim();
  if (/^(true|false)$/i.test(trimmed)) return trimmed.toLowerCase() === 'true';
  return decimal.test(trimmed) ? Number(trimmed) : trimmed;
}

function modulesFromText(text: string): unknown {
  const trimmed = text.trim();
  return trimmed === 'all-linear' ? trimmed : trimmed.split(',').map((name) => name.trim());
}

/** The candidate with the fewest single-letter edits from `name`, where it takes few enough for a slip of the hand. */
export function nearestName(name: string, candidates: readonly string[]): string | undefined {
  let nearest: string | undefined;
  let fewest = Math.max(2, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    const edits = editDistance(name.toLowerCase(), candidate.toLowerCase());
    if (edits < fewest) {
      fewest = edits;
      nearest = candidate;
    }
  }
  return nearest;
}

/** Levenshtein's distance: insertions, deletions and replacements of one letter. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = previous[column - 1]! + (a[row - 1] === b[column - 1] ? 0 : 1);
      current.push(Math.min(replaced, previous[column]! + 1, current[column - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}
