import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');

/** The first word of a comment, behind its opening. A line comment that follows another one continues its sentence. */
const BEGINNING = /^[ \t]*(?:(?<!^[ \t]*\/\/.*\n[ \t]*)\/\/|\/\*\*?|<!--)[ \t]*(?:\n[ \t]*\*?[ \t]*)?(\w+)/gm;
/** A clause as the subject of a sentence: name the thing instead ("Bytes of …", "The person's …"). */
const RIDDLES = new Set(['What', 'Who', 'Whoever', 'Whose', 'Which']);

function beginnings(text: string): string[] {
  return [...text.matchAll(BEGINNING)].map(([, word = '']) => word);
}

function filesOf(folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => /\.(?:ts|svelte|mjs|wgsl|css)$/.test(path) && !path.includes('node_modules'))
    .map((path) => join(folder, path));
}

it('finds the beginning of each kind of comment', () => {
  expect(
    beginnings(
      '// What a\n// Who b\n// Who c\n  /** Which c */\n/**\n * Whose d\n * What e\n */\n<!-- Who f -->',
    ),
  ).toEqual(['What', 'Which', 'Whose', 'Who']);
});

it('no comment begins with a clause in place of a subject', () => {
  const files = ['src', 'shaders', 'tools', 'bench', 'tests'].flatMap(filesOf);
  expect(files.length).toBeGreaterThan(500);
  const found = files.filter((path) =>
    beginnings(readFileSync(join(root, path), 'utf8')).some((word) => RIDDLES.has(word)),
  );
  expect(found).toEqual([]);
});
