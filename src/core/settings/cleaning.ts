import * as v from 'valibot';
import { isRecord } from '../json';
import { message } from '../messages/message';
import type { Kind } from './kind';

/** A number of characters. */
const characters = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1e9));

/** The kinds of private data. */
export const PRIVATE_KINDS = ['email', 'phone', 'id', 'iban', 'card', 'ip', 'key'] as const;

export type PrivateKind = (typeof PRIVATE_KINDS)[number];

/** The languages that the detector knows, by ISO 639-1. */
export const LANGUAGES = [
  'am',
  'ar',
  'az',
  'be',
  'bg',
  'bn',
  'ca',
  'cs',
  'da',
  'de',
  'el',
  'en',
  'es',
  'et',
  'eu',
  'fa',
  'fi',
  'fr',
  'gu',
  'he',
  'hi',
  'hr',
  'hu',
  'hy',
  'is',
  'it',
  'ja',
  'ka',
  'kn',
  'ko',
  'ku',
  'lo',
  'lt',
  'lv',
  'ml',
  'mr',
  'ms',
  'nl',
  'no',
  'or',
  'pa',
  'pl',
  'pt',
  'ro',
  'ru',
  'sk',
  'sl',
  'sq',
  'sr',
  'sv',
  'ta',
  'te',
  'th',
  'tl',
  'tr',
  'uk',
  'ur',
  'vi',
  'yo',
  'zh',
] as const;

const languages = v.pipe(
  v.array(v.picklist(LANGUAGES)),
  v.minLength(1),
  v.transform((given) => LANGUAGES.filter((language) => given.includes(language))),
);

const kinds = v.pipe(
  v.array(v.picklist(PRIVATE_KINDS)),
  v.minLength(1),
  v.transform((given) => PRIVATE_KINDS.filter((kind) => given.includes(kind))),
);

/**
 * The steps of cleaning in the order in which they are applied, with their options. To add one: an entry here, its work in
 * `src/data/cleaning`, its place in the presets, and its words in `cleaning.ts` of each language. The page reads its options.
 */
export const STEPS = {
  /**
   * Removes characters that nobody sees, repairs UTF-8 that was read as Latin-1 where that is certain, and drops rows in
   * which U+FFFD stands for characters that are lost.
   */
  characters: v.strictObject({}),
  /** The composed form of Unicode, NFC. */
  unicode: v.strictObject({}),
  /** Line breaks as one character; no white space at the ends of lines and texts, and no two empty lines in a row. */
  spaces: v.strictObject({}),
  /** Masks private data, as [EMAIL], or drops the rows with it. */
  private_data: v.strictObject({
    action: v.optional(v.picklist(['mask', 'drop']), 'mask'),
    kinds: v.optional(kinds, [...PRIVATE_KINDS]),
  }),
  /** Drops rows with answers that are certainly in other languages than those to keep. */
  language: v.strictObject({ keep: languages }),
  /** Drops rows with a question or an answer of another length in characters. */
  length: v.strictObject({
    min_question: v.optional(characters, 1),
    max_question: v.optional(characters, 1e9),
    min_answer: v.optional(characters, 1),
    max_answer: v.optional(characters, 1e9),
  }),
  /** Drops rows with an answer that is the question again, or that repeats itself. */
  repeats: v.strictObject({ max_share: v.optional(v.pipe(v.number(), v.gtValue(0), v.ltValue(1)), 0.5) }),
  /** Drops rows with the content of an earlier one. */
  duplicates: v.strictObject({}),
  /** Drops rows that are nearly the same as an earlier one. The threshold is their Jaccard similarity. */
  near_duplicates: v.strictObject({
    threshold: v.optional(v.pipe(v.number(), v.minValue(0.5), v.maxValue(1)), 0.8),
  }),
};

type Steps = typeof STEPS;

export type CleaningStep = keyof Steps;

/** The steps that are on, with all of their options. */
export type CleaningSteps = {
  readonly [Step in CleaningStep]?: Readonly<v.InferOutput<Steps[Step]>>;
};

/** The names of the steps, in their order. */
export const CLEANING_STEPS = Object.keys(STEPS) as readonly CleaningStep[];

const NONE = 'none';

/** The presets by their names. */
const PRESETS = {
  light: { characters: {}, unicode: {}, spaces: {}, duplicates: {} },
  strict: {
    characters: {},
    unicode: {},
    spaces: {},
    private_data: {},
    length: {},
    repeats: {},
    duplicates: {},
    near_duplicates: {},
  },
} satisfies Readonly<Record<string, { readonly [Step in CleaningStep]?: v.InferInput<Steps[Step]> }>>;

type Preset = keyof typeof PRESETS;

/** The names that stand for steps, from none of them to most of them. */
export const CLEANING_PRESETS = [NONE, ...(Object.keys(PRESETS) as Preset[])] as const;

/** The value of the setting: a preset, or steps with their options. */
export type Cleaning = typeof NONE | Preset | CleaningSteps;

/** The steps that a value of the setting stands for. */
export function cleaningSteps(cleaning: Cleaning): CleaningSteps {
  if (typeof cleaning !== 'string') return cleaning;
  return cleaning === NONE ? {} : read(PRESETS[cleaning])!;
}

/**
 * The steps of cleaning: the name of a preset, or options by the names of steps, as JSON. Steps are in their order and
 * have all their options, and steps that equal a preset become its name, because two forms must not count as two values.
 */
export function cleaning(): Kind<Cleaning> {
  const presets = Object.keys(PRESETS) as Preset[];
  return {
    range: message('range_cleaning', { presets: [NONE, ...presets], steps: CLEANING_STEPS }),
    control: {
      type: 'text',
      examples: [NONE, ...presets, '{"duplicates":{},"near_duplicates":{"threshold":0.9}}'],
    },
    read: (value) => {
      if (value === NONE) return { value: NONE };
      const named = presets.find((preset) => preset === value);
      if (named !== undefined) return { value: named };
      const steps = isRecord(value) ? read(value) : undefined;
      if (!steps) return undefined;
      const text = JSON.stringify(steps);
      if (text === '{}') return { value: NONE };
      const same = presets.find((preset) => JSON.stringify(read(PRESETS[preset])) === text);
      return { value: same ?? steps };
    },
    fromText: (text) => {
      const trimmed = text.trim();
      if (!trimmed.startsWith('{')) return trimmed === '' ? NONE : trimmed;
      try {
        return JSON.parse(trimmed) as unknown;
      } catch {
        return trimmed;
      }
    },
    toText: (value) => (typeof value === 'string' ? value : JSON.stringify(value)),
  };
}

/** The steps in their order with all their options; undefined if a name or an option is unknown. */
function read(given: Readonly<Record<string, unknown>>): CleaningSteps | undefined {
  if (!Object.keys(given).every((name) => Object.hasOwn(STEPS, name))) return undefined;
  const steps: [string, unknown][] = [];
  for (const name of CLEANING_STEPS) {
    if (!Object.hasOwn(given, name)) continue;
    const result = v.safeParse(STEPS[name], given[name]);
    if (!result.success) return undefined;
    steps.push([name, result.output]);
  }
  return Object.fromEntries(steps);
}
