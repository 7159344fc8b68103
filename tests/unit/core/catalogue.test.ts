import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { CATALOGUES } from '../../../src/core/messages/languages';

const { en, zh } = CATALOGUES;
const src = join(import.meta.dirname, '../../../src');

/** The text of every file outside the catalogues. */
const code = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .map((path) => path.replaceAll('\\', '/'))
  .filter((path) => /\.(ts|svelte)$/.test(path) && !path.startsWith('core/messages/'))
  .map((path) => readFileSync(join(src, path), 'utf8'))
  .join('\n');

const isTable = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Every entry with its path: a text, a list of texts, or a function of its values. */
function entriesOf(
  table: Readonly<Record<string, unknown>>,
  path: readonly string[] = [],
): [string[], unknown][] {
  return Object.entries(table).flatMap(([key, value]) =>
    isTable(value) ? entriesOf(value, [...path, key]) : [[[...path, key], value]],
  );
}

const shown = (path: readonly string[]): string => path.join('.');

/** An entry's words. A function's are those of its source: the values are of any kind. */
function wordsOf(entry: unknown): string {
  return typeof entry === 'function' ? entry.toString() : JSON.stringify(entry);
}

describe('the catalogues', () => {
  it('have the same keys', () => {
    expect(
      entriesOf(zh)
        .map(([path]) => shown(path))
        .toSorted(),
    ).toEqual(
      entriesOf(en)
        .map(([path]) => shown(path))
        .toSorted(),
    );
  });

  it('use each code once, among errors and messages of the engine', () => {
    expect(Object.keys(en.engine).filter((code) => Object.hasOwn(en.errors, code))).toEqual([]);
  });

  it.each(['engine', 'errors'] as const)('have no code in two files: %s', async (section) => {
    const folder = join(src, 'core/messages/en', section);
    const files = readdirSync(folder).filter((name) => name !== 'index.ts');
    const modules = await Promise.all(
      files.map((name) => import(join(folder, name)) as Promise<Readonly<Record<string, object>>>),
    );
    const codes = modules.flatMap((module) => Object.values(module).flatMap((table) => Object.keys(table)));
    expect(codes.filter((code, at) => codes.indexOf(code) < at)).toEqual([]);
    expect(codes).toHaveLength(Object.keys(en[section]).length);
  });

  it('say everything in Chinese that is words in English', () => {
    const english = new Map(entriesOf(en).map(([path, entry]) => [shown(path), wordsOf(entry)]));
    const untranslated = entriesOf(zh)
      .filter(([[section]]) => section !== 'format')
      .map(([path, entry]) => [shown(path), wordsOf(entry)] as const)
      .filter(([path, words]) => !/\p{Script=Han}/u.test(words) && !isForAll(path, english.get(path) ?? ''))
      .map(([path]) => path);
    expect(untranslated).toEqual([]);
  });

  it('hold nothing that the code does not read', () => {
    const unused = entriesOf(en)
      .filter(([[section]]) => section !== 'format')
      .filter(([path]) => !isRead(path))
      .map(([path]) => shown(path));
    expect(unused).toEqual([]);
  });
});

/** Whether the words are the same in both languages: names, signs, file names, formulas, questions for the demo model. */
function isForAll(path: string, english: string): boolean {
  return FOR_ALL.has(path) || !/[A-Za-z]{3,} [A-Za-z]{2,}|^"[A-Z][a-z]+"$/.test(english);
}

const FOR_ALL: ReadonlySet<string> = new Set([
  'chat.tries',
  'engine.file_foreign',
  'engine.quant_state_field',
  'model.hub',
  'shell.name',
]);

/** Whether the code names the entry: by its whole path, by a table of it, or, for what the engine sends, by its code. */
function isRead([section = '', ...keys]: readonly string[]): boolean {
  const [first = ''] = keys;
  if (section === 'errors' || section === 'engine')
    return new RegExp(`['"\`]${first}['"\`]|\\b${first}:`).test(code);
  const names = [section, ...keys];
  const last = names.at(-1) ?? '';
  // A table is read by a key that the code knows as a text: `t.chat[side]`.
  return names.some((_, index) => {
    const path = names.slice(0, index + 1).join('\\.');
    const isWhole = index === names.length - 1;
    if (isWhole) return new RegExp(`\\b${path}\\b`).test(code);
    const isTaken = new RegExp(`\\b${path}\\b(?!\\.)`).test(code);
    return isTaken && (index > 0 || new RegExp(`['"\`]${last}['"\`]|\\b${last}:`).test(code));
  });
}
