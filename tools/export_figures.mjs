// Writes the tables of docs/exports.md from test-results/exports.jsonl, which `npm run test:exports` and `npm run
// test:real` fill.
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
 * @property {number} [perplexity]
 * @property {number} [agreeing]
 * @property {number} [sameAnswer]
 */

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

const answers = figures.filter(({ sameAnswer }) => sameAnswer !== undefined);

/** @type {Map<string, Figure[]>} */
const groups = new Map();
for (const figure of figures.filter((each) => !answers.includes(each))) {
  const key = `${figure.program} | ${figure.export}`;
  groups.set(key, [...(groups.get(key) ?? []), figure]);
}

const sorted = [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
const nearest = sorted.flatMap(([key, group]) => {
  const models = new Set(group.map(({ model }) => model)).size;
  const [worst] = group
    .flatMap((figure) => {
      const numbers = compared(figure);
      return numbers ? [{ ...numbers, model: figure.model, share: numbers.measured / numbers.allowed }] : [];
    })
    .sort((a, b) => b.share - a.share);
  if (!worst) return [];
  const kind = group[0]?.divergence === undefined ? 'difference' : 'divergence';
  return [
    `| ${key} | ${models} | ${kind} | ${short(worst.measured)} | ${short(worst.allowed)} | ${worst.model} |`,
  ];
});

/** @param {number | undefined} share */
const percent = (share) => `${Math.round(100 * (share ?? 0))} %`;

const real = answers.map((figure) => {
  const { perplexity, divergence = 0, explained } = figure;
  const numbers = [
    perplexity?.toFixed(2),
    short(Math.max(0, divergence)),
    explained ? short(explained) : '–',
  ];
  const shares = [percent(figure.sameAnswer), percent(figure.agreeing)];
  return `| ${[figure.export, ...shares, ...numbers].join(' | ')} |`;
});

/** @type {Record<string, string[]>} */
const tables = {
  figures: [
    '| program | export | models | measured | nearest to its limit | its limit | of |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...nearest,
  ],
  answers: [
    '| export | same answer | same likeliest token | perplexity | divergence | explained of its weights |',
    '| --- | --- | --- | --- | --- | --- |',
    ...real,
  ],
};

const path = join(root, 'docs', 'exports.md');
let text = readFileSync(path, 'utf8');
for (const [name, table] of Object.entries(tables)) {
  const [begin, end] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [before = ''] = text.split(begin);
  text = `${before}${begin}\n\n${table.join('\n')}\n\n${text.slice(text.indexOf(end))}`;
}
writeFileSync(path, text);
