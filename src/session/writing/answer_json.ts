import { isRecord } from '../../core/json';
import { ANSWERS, columnsNamed, QUESTIONS } from '../../data/shapes/column_names';

/** A question and its answer, as a model wrote them. The answer may be missing. */
export interface WrittenPair {
  readonly question: string;
  readonly answer: string | undefined;
}

/** An answer without the thoughts before it. Where a template opens them in the prompt, the answer has only their end. */
export function withoutThoughts(text: string): string {
  const thoughts =
    /^(?:\s*<think(?:ing)?>[\s\S]*?(?:<\/think(?:ing)?>|$)|(?:(?!<think(?:ing)?>)[\s\S])*?<\/think(?:ing)?>)/;
  return text.replace(thoughts, '').trim();
}

/**
 * The pairs in a model's answer: objects in JSON with a question, wherever they stand: in a list, in a fenced block, one a
 * line, with words around them, and the whole ones of a list that breaks off.
 */
export function pairsIn(text: string): readonly WrittenPair[] {
  return objectsIn(withoutThoughts(text)).flatMap((object) => {
    const question = fieldOf(object, QUESTIONS);
    return question === undefined ? [] : [{ question, answer: fieldOf(object, ANSWERS) }];
  });
}

/** The text of the first field that has one of the names. */
function fieldOf(object: Readonly<Record<string, unknown>>, names: readonly string[]): string | undefined {
  const [found] = columnsNamed(Object.keys(object), names);
  const value = found === undefined ? undefined : object[found];
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** The innermost objects of a text that hold no further objects, in their order. */
function objectsIn(text: string): readonly Readonly<Record<string, unknown>>[] {
  const found: Record<string, unknown>[] = [];
  const opened: number[] = [];
  let isText = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (isText) {
      if (letter === '\\') at++;
      else if (letter === '"') isText = false;
    } else if (letter === '"') isText = opened.length > 0;
    else if (letter === '{') opened.push(at);
    else if (letter === '}') {
      const from = opened.pop();
      if (from === undefined) continue;
      const object = parsed(text.slice(from, at + 1));
      if (isRecord(object)) found.push(object);
    }
  }
  return found;
}

/** Models write line breaks into texts, which JSON forbids. */
function parsed(json: string): unknown {
  for (const attempt of [json, json.replaceAll(/\r?\n|\t/g, (letter) => (letter === '\t' ? '\\t' : '\\n'))]) {
    try {
      return JSON.parse(attempt);
    } catch {
      // The next attempt, if there is one.
    }
  }
  return undefined;
}
