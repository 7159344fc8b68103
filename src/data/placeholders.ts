/**
 * Placeholders in the texts of a data set: `{{name}}`, as in demo sets that a person should fill in before training. A
 * model trained on them says "I am {{name}}".
 */
import type { Message, Sample } from './messages';

const PLACEHOLDER = /\{\{\s*([\p{L}\p{N}_-]{1,64})\s*\}\}/gu;

/** The text for each placeholder, by its name. */
export type Fillings = Readonly<Record<string, string>>;

/** The names of the placeholders in a sample's texts. */
export function placeholdersIn(sample: Sample): ReadonlySet<string> {
  const names = new Set<string>();
  withTexts(sample, (text) => {
    if (text.includes('{{')) for (const [, name = ''] of text.matchAll(PLACEHOLDER)) names.add(name);
    return text;
  });
  return names;
}

/** The sample with its placeholders filled; those without a filling stay. */
export function filled(sample: Sample, fillings: Fillings): Sample {
  if (Object.keys(fillings).length === 0) return sample;
  return withTexts(sample, (text, isJson) => {
    if (!text.includes('{{')) return text;
    return text.replace(PLACEHOLDER, (whole, name: string) => {
      const filling = Object.hasOwn(fillings, name) ? fillings[name] : undefined;
      if (filling === undefined) return whole;
      return isJson ? JSON.stringify(filling).slice(1, -1) : filling;
    });
  });
}

/** Gives another text for one. `isJson`: it is JSON, and has to stay so. */
type Change = (given: string, isJson: boolean) => string;

/** The sample with other texts: those of its messages, of their calls, thoughts and parts. */
function withTexts(sample: Sample, text: Change): Sample {
  if (sample.kind === 'text') return { ...sample, text: text(sample.text, false) };
  return { ...sample, messages: sample.messages.map((message) => messageWithTexts(message, text)) };
}

function messageWithTexts(message: Message, text: Change): Message {
  const { content, fields, asGiven, alpaca } = message;
  const within = (value: unknown, key?: unknown): unknown => {
    // Many files have the arguments of calls as JSON text.
    if (typeof value === 'string') return text(value, key === 'arguments' && isJson(value));
    if (Array.isArray(value)) return value.map((each) => within(each));
    if (value instanceof Map) return new Map(Array.from(value, ([key, each]) => [key, within(each, key)]));
    // Floats read from JSON are objects of a class, and have no text to fill.
    if (typeof value !== 'object' || value === null || !isPlain(value)) return value;
    return withinFields(value);
  };
  const withinFields = (record: object): Readonly<Record<string, unknown>> =>
    Object.fromEntries(Object.entries(record).map(([key, each]) => [key, within(each, key)]));
  return {
    ...message,
    content: text(content, false),
    ...(fields && { fields: withinFields(fields) }),
    ...(asGiven && { asGiven: withinFields(asGiven) }),
    ...(alpaca && {
      alpaca: { instruction: text(alpaca.instruction, false), input: text(alpaca.input, false) },
    }),
  };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
