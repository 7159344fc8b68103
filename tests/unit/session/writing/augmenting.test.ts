import { expect, it } from 'vitest';
import { memoryFile } from '../../../../src/core/file_reader';
import { parseLosslessJson } from '../../../../src/core/lossless_json';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import { editsText } from '../../../../src/data/edits';
import { makeDataset } from '../../../../src/session/data/dataset';
import { Exclusive } from '../../../../src/session/exclusive';
import { Session } from '../../../../src/session/session';
import type { Proposal } from '../../../../src/session/writing/proposal';
import { Writing, type AugmentRequest } from '../../../../src/session/writing/writing';
import { openTinyModel } from '../tiny';

const fileOf = (name: string, text: string) => memoryFile(name, new TextEncoder().encode(text));
const rows = [
  { instruction: 'Where does the small bird sing?', output: 'In the nest.' },
  { instruction: 'Translate this carefully', input: 'a fish', output: 'un poisson' },
  { instruction: 'Who keeps the boat clean?', output: 'Nobody does.' },
];

const REQUEST: AugmentRequest = {
  query: {},
  most: 100,
  copies: 2,
  seed: 1,
  techniques: { templates: { templates: ['Well: {text}'] }, swap: { share: 0.3 } },
};

async function writing(proposed: readonly Proposal[] = []) {
  const model = await openTinyModel();
  const edits = editsText({
    records: [{ file: 'a.jsonl', record: 3, evaluate: true }],
    added: [
      { value: { instruction: 'Proposed only', output: 'x' }, origin: 'm', proposed: true },
      ...proposed.map(({ json, origin }) => ({
        value: parseLosslessJson(json),
        origin,
        proposed: true as const,
      })),
    ],
  });
  const files = [
    fileOf('a.jsonl', rows.map((row) => JSON.stringify(row)).join('\n')),
    fileOf('changes.jsonl', edits),
  ];
  const dataset = await makeDataset(model, files, { ...DEFAULTS, eval_split: 0 });
  const session = new Session({ openDevice: () => Promise.reject(new Error('no device')) });
  return new Writing({ dataset, model, answering: session.answering }, new Exclusive(), {
    template: 'model',
  });
}

it('changes the rows of training, none of evaluation and none that is only proposed', async () => {
  const found: Proposal[] = [];
  const report = await (await writing()).augment(REQUEST, (proposals) => found.push(...proposals));
  expect(report).toEqual({ rows: 2, unchanged: 0, made: { templates: 2, swap: 4 } });
  expect(found).toHaveLength(6);
  expect({ ...found[0], json: JSON.parse(found[0]!.json) as unknown }).toEqual({
    json: {
      messages: [
        { role: 'user', content: 'Well: Where does the small bird sing?' },
        { role: 'assistant', content: 'In the nest.' },
      ],
    },
    origin: 'augmentation/templates',
    texts: [rows[0]!.instruction, `Well: ${rows[0]!.instruction}`],
  });
  const translation = found.find(({ texts }) => texts[1] === 'Well: Translate this carefully');
  expect(JSON.parse(translation?.json ?? '')).toEqual({
    ...rows[1],
    instruction: 'Well: Translate this carefully',
  });
  expect(JSON.stringify(found)).not.toMatch(/boat|Proposed/);
});

it('makes no row that is there already, also as a proposal', async () => {
  const found: Proposal[] = [];
  await (await writing()).augment(REQUEST, (proposals) => found.push(...proposals));
  const again = await (await writing(found.slice(0, 4))).augment(REQUEST, () => undefined);
  expect(Object.values(again.made).reduce((sum, made) => sum + made, 0)).toBe(found.length - 4);
});

it('makes no more rows than are wanted, only of the matching rows, and stops', async () => {
  const writer = await writing();
  const found: Proposal[] = [];
  const onProposed = (proposals: readonly Proposal[]) => found.push(...proposals);
  await writer.augment({ ...REQUEST, query: { search: 'poisson' }, most: 2 }, onProposed);
  expect(found.map(({ texts }) => texts[0])).toEqual(Array(2).fill('Translate this carefully'));
  const stopped = writer.augment(REQUEST, () => undefined);
  writer.stop();
  await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
});
