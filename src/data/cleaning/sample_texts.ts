/** The texts of a sample that a person wrote or a model is to write, and the sample with other texts in their places. */
import { Float } from '../../core/lossless_json';
import type { Message, Sample } from '../messages';
import type { TextChange } from './step';

type Fields = Readonly<Record<string, unknown>>;

/** Fields of a message that hold a text for the model. */
const TEXT_FIELDS = ['reasoning_content', 'reasoning', 'thinking'];

/**
 * The sample with changed texts; the sample itself if no text changes. Names, roles, ids and schemas stay as they are.
 *
 * @param inCalls whether the texts within the arguments of calls are changed too
 */
export function withCleanTexts(sample: Sample, change: TextChange, inCalls = false): Sample {
  if (sample.kind === 'text') {
    const text = change(sample.text);
    return text === sample.text ? sample : { ...sample, text };
  }
  const messages = eachKept(sample.messages, (message) => cleanMessage(message, change, inCalls));
  return messages === sample.messages ? sample : { ...sample, messages };
}

/** All texts of a sample, in order. */
export function textsOf(sample: Sample): readonly string[] {
  const texts: string[] = [];
  const note = (text: string): string => {
    texts.push(text);
    return text;
  };
  withCleanTexts(sample, note, true);
  return texts;
}

function cleanMessage(message: Message, change: TextChange, inCalls: boolean): Message {
  const { content, fields, asGiven, alpaca } = message;
  if (alpaca) return cleanAlpaca(message, alpaca, change);
  const text = change(content);
  const changed = fields && cleanFields(fields, text, { content, change, inCalls });
  const given = asGiven && cleanFields(asGiven, text, { content, change, inCalls });
  if (text === content && changed === fields && given === asGiven) return message;
  return { ...message, content: text, ...(changed && { fields: changed }), ...(given && { asGiven: given }) };
}

/** Cleans the two parts of an Alpaca question, which its content joins by a line break. */
function cleanAlpaca(message: Message, parts: NonNullable<Message['alpaca']>, change: TextChange): Message {
  const instruction = change(parts.instruction);
  const input = change(parts.input);
  if (instruction === parts.instruction && input === parts.input) return message;
  const filled = [instruction, input].filter((part) => part.trim() !== '');
  const { role } = message;
  const content = filled.join('\n');
  return filled.length < 2 ? { role, content } : { role, content, alpaca: { instruction, input } };
}

function cleanFields(
  fields: Fields,
  text: string,
  { content, change, inCalls }: { content: string; change: TextChange; inCalls: boolean },
): Fields {
  const cleaned = Object.entries(fields).map(([name, value]): [string, unknown] => {
    if (name === 'content') return [name, text === content ? value : withText(value, text)];
    if (TEXT_FIELDS.includes(name) && typeof value === 'string') return [name, change(value)];
    return [name, name === 'tool_calls' && inCalls ? cleanCalls(value, change) : value];
  });
  return cleaned.every(([name, value]) => value === fields[name]) ? fields : Object.fromEntries(cleaned);
}

/** A content with another text: parts become one part, because a change may reach over the end of a part. */
function withText(content: unknown, text: string): unknown {
  if (!Array.isArray(content)) return text;
  const [first] = content as readonly object[];
  return [{ ...first, text }];
}

function cleanCalls(calls: unknown, change: TextChange): unknown {
  if (Array.isArray(calls)) return eachKept(calls, (call) => cleanCalls(call, change));
  return changedFields(calls, (name, value) => {
    if (name === 'function') return cleanCalls(value, change);
    if (name !== 'arguments') return value;
    return typeof value === 'string' ? cleanJson(value, change) : cleanValue(value, change);
  });
}

/** JSON text with the texts in it changed. Its numbers and its form stay. */
function cleanJson(json: string, change: TextChange): string {
  return json.replaceAll(/"(?:[^"\\]|\\.)*"/g, (literal) => {
    let text: unknown;
    try {
      text = JSON.parse(literal);
    } catch {
      return literal;
    }
    const changed = change(String(text));
    return changed === text ? literal : JSON.stringify(changed);
  });
}

function cleanValue(value: unknown, change: TextChange): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return eachKept(value, (each) => cleanValue(each, change));
  return changedFields(value, (_, each) => cleanValue(each, change));
}

/** An object or a Map with other values; the value itself if it is neither, or if no value changes. */
function changedFields(value: unknown, change: (name: string, value: unknown) => unknown): unknown {
  if (value instanceof Map) {
    const entries = [...(value as ReadonlyMap<string, unknown>)];
    const changed = eachKept(entries, (entry): [string, unknown] => {
      const each = change(entry[0], entry[1]);
      return each === entry[1] ? entry : [entry[0], each];
    });
    return changed === entries ? value : new Map(changed);
  }
  // A float read from JSON is an object of a class.
  if (typeof value !== 'object' || value === null || value instanceof Float) return value;
  const fields = value as Fields;
  const changed = Object.entries(fields).map(([name, each]): [string, unknown] => [name, change(name, each)]);
  return changed.every(([name, each]) => each === fields[name]) ? fields : Object.fromEntries(changed);
}

/** A list with changed items; the list itself if no item changes. */
function eachKept<T>(list: readonly T[], change: (item: T) => T): readonly T[] {
  const changed = list.map(change);
  return changed.every((item, at) => item === list[at]) ? list : changed;
}
