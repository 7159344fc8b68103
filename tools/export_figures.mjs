// Writes the tables of docs/exports.md from test-results/exports.jsonl, which `npm run test:exports` fills.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './lib/run.mjs';

/**
 * @typedef {object} Figure tests/exports/report.ts says what its numbers are
 * @property {string} program
 * @property {string} model
 * @property {string} export
 * @property {number} [difference]
 * @property {number} [allowed]
 * @property {number} [effect]
 * @property {number} [divergence]
 * @property {number} [explained]
 */

const BEGIN = '<!-- figures -->';
const END = '<!-- end of figures -->';

const lines = readFileSync(join(root, 'test-results', 'exports.jsonl'), 'utf8')
  .trim()
  .split('\n');
/** @type {(text: string) => unknown} */
const parse = JSON.parse;
const figures = lines.map((line) => /** @type {Figure} */ (parse(line)));

/** @param {number} value */
const short = (value) => value.toExponential(1);

/** @param {Figure} figure @returns {{ measured: number, allowed: number } | undefined} */
function compared({ difference, allowed, divergence, explained }) {
  if (difference !== undefined && allowed !== undefined) return { measured: difference, allowed };
  if (divergence !== undefined && explained !== undefined)
    return { measured: divergence, allowed: explained };
  return undefined;
}

/** @type {Map<string, Figure[]>} */
const groups = new Map();
for (const figure of figures) {
  const key = `${figure.program} | ${figure.export}`;
  groups.set(key, [...(groups.get(key) ?? []), figure]);
}

const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
const rows = sorted.map(([key, group]) => {
  const models = new Set(group.map(({ model }) => model)).size;
  const [worst] = group
    .flatMap((figure) => {
      const numbers = compared(figure);
      return numbers ? [{ ...numbers, model: figure.model, share: numbers.measured / numbers.allowed }] : [];
    })
    .sort((a, b) => b.share - a.share);
  if (!worst) return '';
  const kind = group[0]?.divergence === undefined ? 'difference' : 'divergence';
  return `| ${key} | ${models} | ${kind} | ${short(worst.measured)} | ${short(worst.allowed)} | ${worst.model} |`;
});

const table = [
  '| program | export | models | measured | nearest to its limit | its limit | of |',
  '| --- | --- | --- | --- | --- | --- | --- |',
  ...rows.filter((row) => row !== ''),
].join('\n');

const path = join(root, 'docs', 'exports.md');
const text = readFileSync(path, 'utf8');
const [before = ''] = text.split(BEGIN);
const after = text.slice(text.indexOf(END));
writeFileSync(path, `${before}${BEGIN}\n\n${table}\n\n${after}`);
