import * as v from 'valibot';
import { isRecord } from '../core/json';
import { chatRow, chatSample, shareGptRow, shareGptSample } from './conversations';
import type { Message, Sample } from './messages';

export type { Message, Sample } from './messages';

export interface Row {
  /** Name of the file it came from. */
  readonly file: string;
  /** Number within the file, from 1. */
  readonly row: number;
  readonly sample: Sample;
}

/** Something in a person's data that can't be used. */
export interface Problem {
  readonly file: string;
  /** Number of the row within the file, from 1; absent where the whole file is meant. */
  readonly row?: number;
  /** Line of the file, from 1, where it is known. */
  readonly line?: number;
  readonly reason: string;
}

/**
 * Reads the rows of a file, one at a time: a JSON array, an object with the array under `data`, a single object, or JSON Lines (told
 * apart by content, not by name). A row is Alpaca (`instruction`, `input`, `output`, `system`, `history`), chat
 * (`messages`, or ShareGPT's `conversations`; with `tools`) or `text`. A row that can't be used becomes a problem; the others go on.
 */
export function* rowsOf(file: {
  readonly name: string;
  readonly text: string;
}): Generator<Row | Problem, void> {
  let number = 0;
  for (const entry of entriesOf(file.text)) {
    if (entry.wholeFile !== true) number++;
    const row = entry.wholeFile === true ? undefined : number;
    const result = 'reason' in entry ? entry : sampleOf(entry.value);
    if ('reason' in result) {
      yield { file: file.name, row, line: entry.line, reason: result.reason };
    } else {
      yield { file: file.name, row: number, sample: result };
    }
  }
}

/** A row before it was looked at, or why there is none. */
type Entry = { line?: number; wholeFile?: true } & ({ value: unknown } | { reason: string });

function* entriesOf(text: string): Iterable<Entry> {
  const start = /^[\ufeff\s]*/.exec(text)?.[0].length ?? 0;
  const first = text[start];
  if (first === undefined) {
    yield { wholeFile: true, reason: 'The file is empty.' };
  } else if (first === '[') {
    yield* entriesOfJson(text.slice(start), start === 0 ? 1 : lineAt(text, start));
  } else if (first === '{') {
    yield* entriesOfObjects(text, start);
  } else {
    const reason = 'The file holds neither a JSON array nor JSON Lines: it must begin with "[" or "{".';
    yield { wholeFile: true, line: lineAt(text, start), reason };
  }
}

/** One JSON value: an array of rows, an object that has them under `data`, or a single row. */
function* entriesOfJson(json: string, firstLine: number): Iterable<Entry> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(json);
  } catch (error) {
    const { line, reason } = syntaxProblem(error, json);
    yield { wholeFile: true, line: line === undefined ? undefined : firstLine + line - 1, reason };
    return;
  }
  const values = Array.isArray(parsed)
    ? parsed
    : isRecord(parsed) && Array.isArray(parsed.data)
      ? parsed.data
      : [parsed];
  if (values.length === 0) yield { wholeFile: true, reason: 'The list of rows is empty.' };
  for (const value of values as unknown[]) yield { value };
}

/** JSON Lines, unless the first line is only the beginning of an object. */
function* entriesOfObjects(text: string, start: number): Iterable<Entry> {
  const lines = text.slice(start).split(/\r?\n/);
  const firstLine = lineAt(text, start);
  const [first = ''] = lines;
  const filled = lines.filter((line) => line.trim() !== '').length;
  const opening = parseLine(first);
  const isContainer = 'value' in opening && isRecord(opening.value) && Array.isArray(opening.value.data);
  if (filled === 1 ? isContainer : 'reason' in opening && isJson(text.slice(start))) {
    yield* entriesOfJson(text.slice(start), firstLine);
    return;
  }
  for (const [index, line] of lines.entries()) {
    if (line.trim() !== '') yield { line: firstLine + index, ...parseLine(line) };
  }
}

function parseLine(line: string): { value: unknown } | { reason: string } {
  try {
    return { value: JSON.parse(line) as unknown };
  } catch (error) {
    return { reason: syntaxProblem(error, line).reason };
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with the JSON, and its line where the engine's message tells it. */
function syntaxProblem(error: unknown, json: string): { line?: number; reason: string } {
  const message = error instanceof Error ? error.message : String(error);
  const position = /position (\d+)/.exec(message)?.[1];
  const line = position === undefined ? /line (\d+)/.exec(message)?.[1] : lineAt(json, Number(position));
  return { line: line === undefined ? undefined : Number(line), reason: `Not valid JSON: ${message}` };
}

function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at >= 0 && at < offset; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

const filled = (name: string): v.GenericSchema<unknown, string> =>
  v.pipe(
    v.string(`"${name}" must be a text`),
    v.check((value) => value.trim() !== '', `"${name}" is empty`),
  );
const optional = (name: string): v.GenericSchema<unknown, string> =>
  v.nullish(v.string(`"${name}" must be a text`), '');

const turnText = v.string('each turn of "history" must be a pair of texts');

const alpacaRow = v.object({
  instruction: v.string('"instruction" must be a text'),
  input: optional('input'),
  output: filled('output'),
  system: optional('system'),
  history: v.nullish(
    v.array(
      v.tuple([turnText, turnText], 'each turn of "history" must be a pair of texts'),
      '"history" must be a list of pairs [instruction, output]',
    ),
    [],
  ),
});

const textRow = v.object({ text: filled('text') });

function sampleOf(value: unknown): Sample | { reason: string } {
  if (!isRecord(value)) return { reason: `A row must be an object, but this is ${kindOf(value)}.` };
  if ('messages' in value) return validated(chatRow, value, chatSample);
  if ('conversations' in value) return validated(shareGptRow, value, shareGptSample);
  if ('instruction' in value) return validated(alpacaRow, value, alpacaSample);
  if ('text' in value) return validated(textRow, value, ({ text }) => ({ kind: 'text', text }));
  const keys = Object.keys(value).slice(0, 8).join(', ');
  return {
    reason: `A row needs "messages", "conversations", "instruction" and "output", or "text"; this one has ${keys || 'nothing'}.`,
  };
}

function validated<Schema extends v.GenericSchema>(
  schema: Schema,
  value: Record<string, unknown>,
  convert: (row: v.InferOutput<Schema>) => Sample | { reason: string },
): Sample | { reason: string } {
  const result = v.safeParse(schema, value);
  if (result.success) return convert(result.output);
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? '';
  const message = /^(?:messages|conversations)\.(\d+)/.exec(path)?.[1];
  const missing = issue.input === undefined && !path.includes('.') ? `"${path}" is missing` : issue.message;
  return { reason: message === undefined ? `${missing}.` : `Message ${Number(message) + 1}: ${missing}.` };
}

function alpacaSample(row: v.InferOutput<typeof alpacaRow>): Sample | { reason: string } {
  const { instruction, input, output, system, history } = row;
  if (instruction.trim() === '' && input.trim() === '') return { reason: '"instruction" is empty.' };
  const messages: Message[] = [];
  if (system.trim() !== '') messages.push({ role: 'system', content: system });
  for (const [question, answer] of history) {
    messages.push({ role: 'user', content: question }, { role: 'assistant', content: answer });
  }
  const parts = [instruction, input].filter((part) => part.trim() !== '');
  const content = parts.join('\n');
  messages.push(
    parts.length < 2 ? { role: 'user', content } : { role: 'user', content, alpaca: { instruction, input } },
    { role: 'assistant', content: output },
  );
  return { kind: 'chat', messages };
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
