import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '..', '..', '..');

/** The text of each file below a folder whose path ends so. */
function textsOf(folder: string, ending: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(ending))
    .map((path) => readFileSync(join(root, folder, path), 'utf8'));
}

const classes = textsOf('src/ui', '.ts').flatMap((text) =>
  [...text.matchAll(/^export class (\w+)/gm)].map(([, name]) => name!),
);
const tests = [...textsOf('tests/unit/ui', '.ts'), ...textsOf('tests/components', '.test.ts')];

it('finds the classes of the state', () => expect(classes).toContain('TrainState'));

it.each(classes)('a test, or its helper, names %s', (name) => {
  expect(tests.some((text) => new RegExp(`\\b${name}\\b`).test(text))).toBe(true);
});
