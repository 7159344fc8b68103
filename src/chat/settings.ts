import { check, number, object, pipe, safeParse, type GenericSchema } from 'valibot';
import { TunesmithError } from '../core/errors';
import type { AnswerSettings } from './answer';

/** What holds where nothing is said: cool, so that a small model answers a question rather than wanders. */
export const ANSWER_DEFAULTS: AnswerSettings = {
  temperature: 0.3,
  top_p: 0.95,
  top_k: 40,
  repetition_penalty: 1,
  max_new_tokens: 200,
  seed: 42,
};

const within = (allowed: string, fits: (value: number) => boolean) =>
  pipe(number(`must be ${allowed}`), check(fits, `must be ${allowed}`));

const whole = (min: number, max: number) =>
  within(
    `a whole number from ${min} to ${max}`,
    (value) => Number.isInteger(value) && value >= min && value <= max,
  );

const entries = {
  temperature: within('a number from 0 to 100', (value) => value >= 0 && value <= 100),
  top_p: within('a number above 0 and at most 1', (value) => value > 0 && value <= 1),
  top_k: whole(0, 1_000_000),
  repetition_penalty: within('a number above 0 and at most 10', (value) => value > 0 && value <= 10),
  max_new_tokens: whole(1, 1_000_000),
  seed: whole(0, 2 ** 32 - 1),
} satisfies { [Name in keyof AnswerSettings]: GenericSchema<number, number> };

export const ANSWER_SETTING_NAMES = Object.keys(entries) as readonly (keyof AnswerSettings)[];

/**
 * The settings that `input` gives, with `ANSWER_DEFAULTS` for those that it leaves out.
 *
 * @throws TunesmithError `setting_invalid`, naming the setting
 */
export function parseAnswerSettings(
  input: Readonly<Partial<Record<keyof AnswerSettings, unknown>>>,
): AnswerSettings {
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined));
  const result = safeParse(object(entries), { ...ANSWER_DEFAULTS, ...given });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const name = ANSWER_SETTING_NAMES.find((known) => known === issue.path?.[0].key) ?? 'seed';
  throw new TunesmithError({
    code: 'setting_invalid',
    message: `${name} ${issue.message}, not ${JSON.stringify(given[name])}.`,
    hint: `Correct ${name}; without it, ${ANSWER_DEFAULTS[name]} is used.`,
  });
}
