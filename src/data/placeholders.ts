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
  return withTexts(sample, (text) =>
    text.includes('{{')
      ? text.replace(PLACEHOLDER, (whole, name: string) =>
          Object.hasOwn(fillings, name) ? (fillings[name] ?? whole) : whole,
        )
      : text,
  );
}

/** The sample with other texts: those of its messages, of their calls, thoughts and parts. */
function withTexts(sample: Sample, text: (given: string) => string): Sample {
  if (sample.kind === 'text') return { ...sample, text: text(sample.text) };
  return { ...sample, messages: sample.messages.map((message) => messageWithTexts(message, text)) };
}

function messageWithTexts(message: Message, text: (given: string) => string): Message {
  const { content, fields, asGiven, alpaca } = message;
  const within = (value: unknown): unknown => {
    if (typeof value === 'string') return text(value);
    if (Array.isArray(value)) return value.map(within);
    if (value instanceof Map) return new Map(Array.from(value, ([key, each]) => [key, within(each)]));
    // Floats read from JSON are objects of a class, and have no text to fill.
    if (typeof value !== 'object' || value === null || !isPlain(value)) return value;
    return withinFields(value);
  };
  const withinFields = (record: object): Readonly<Record<string, unknown>> =>
    Object.fromEntries(Object.entries(record).map(([key, each]) => [key, within(each)]));
  return {
    ...message,
    content: text(content),
    ...(fields && { fields: withinFields(fields) }),
    ...(asGiven && { asGiven: withinFields(asGiven) }),
    ...(alpaca && { alpaca: { instruction: text(alpaca.instruction), input: text(alpaca.input) } }),
  };
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
