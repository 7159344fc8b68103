import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { TunesmithError } from '../../../src/core/errors';
import { tokenizeSample } from '../../../src/data/examples';
import { readableContent } from '../../../src/data/message_content';
import { answerSpans } from '../../../src/data/spans';
import { jinjaTemplate, type ChatTemplate } from '../../../src/data/template';
import { toyTokenizer } from './fixtures';
import { readRecords } from './read_records';

/**
 * The output of tests/templates/fuzz_rows.py from Python's json and transformers. Another file of this form may be
 * named.
 */
const file =
  process.env['TUNESMITH_FUZZ_ROWS'] ?? new URL('../../templates/fixtures/fuzz.json', import.meta.url);
const folder = process.env['TUNESMITH_FUZZ_TEMPLATES'];
type Outcomes = Readonly<Record<string, readonly string[]>>;
const fuzz = JSON.parse(readFileSync(file, 'utf8')) as {
  /** Columns with their JSON. */
  rows: readonly (readonly (readonly [name: string, json: string])[])[];
  results: Outcomes;
  /** For each row, by kind of file: how `datasets` differs from the file. */
  datasets: readonly Readonly<Record<'jsonl' | 'json' | 'csv', readonly string[]>>[];
  /** Rows of the columns instruction, input and output. */
  cells: readonly (readonly string[])[];
  cellResults: Outcomes;
  cellDatasets: readonly (readonly string[])[];
};
/** Said of a row, while transformers says nothing. */
const SAID = ['chat_template_left_out', 'nothing_to_learn'];
const ENDS = ['</turn>', '<|im_end|>', '<|end|>'];
const tokenizer = toyTokenizer();
const sourceOf = (name: string): string => {
  const own = new URL(`../../templates/sources/marked/${name}.jinja`, import.meta.url);
  return readFileSync(folder === undefined ? own : `${folder}/${name}.jinja`, 'utf8');
};

const objects = fuzz.rows.map(
  (row) => `{${row.map(([name, json]) => `${JSON.stringify(name)}: ${json}`).join(', ')}}`,
);
const columns = [...new Set(fuzz.rows.flatMap((row) => row.map(([name]) => name)))];
const table = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => row.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',')).join('\r\n');
const cellsOf = (row: (typeof fuzz.rows)[number]): string[] =>
  columns.map((column) => row.find(([name]) => name === column)?.[1] ?? '');

const lines = await readRecords('odd.jsonl', objects.join('\n'));
const cells = await readRecords('odd.csv', table([['instruction', 'input', 'output'], ...fuzz.cells]));

/** That records have these checksums of tokens and targets, and that the places of answers are those of the marks. */
function compare(name: string, records: typeof lines.records, expectedOf: readonly string[] = []): void {
  const source = sourceOf(name);
  const now = new Date(2026, 2, 5, 7, 8, 9);
  const made = (text: string): ChatTemplate =>
    jinjaTemplate(text, { specialTokens: tokenizer.specialTokens, now });
  const isMarked = /\bendgeneration\b/.test(source);
  const [marked, unmarked] = [
    made(source),
    made(source.replace(/(\{%[-+]?\s*)generation\b/g, '$1if true').replace(/\bendgeneration\b/g, 'endif')),
  ];
  const outcomes = records.map(({ sample }) => {
    const tokenized = (template: ChatTemplate, trainOn: 'responses' | 'all') => {
      const { example } = tokenizeSample(sample, { tokenizer, template, trainOn, maxSeqLength: 1e6 });
      return { ids: Array.from(example.ids), mask: Array.from(example.trained) };
    };
    try {
      const { ids, mask } = tokenized(marked, isMarked ? 'responses' : 'all');
      const parts = JSON.stringify([ids, isMarked ? mask : null]).replaceAll(',', ', ');
      return createHash('sha256').update(parts).digest('hex').slice(0, 12);
    } catch (error) {
      if (!(error instanceof TunesmithError)) throw error;
      if (SAID.includes(error.code)) return undefined;
      return 'error';
    }
  });
  const expected = expectedOf.map((one, i) => (outcomes[i] === undefined ? undefined : one));
  expect(outcomes).toEqual(expected);

  // Marks of other people may begin before the answer, at the name of its role.
  for (const { sample } of isMarked && folder === undefined ? records : []) {
    if (sample.kind !== 'chat') continue;
    const { messages: given, tools, variables } = sample;
    const inputs = { tools, variables };
    try {
      const { messages, text } = readableContent(given, unmarked, inputs);
      if (messages.some(({ fields }) => Array.isArray(fields?.content))) continue; // not all marks know parts
      const found = answerSpans(messages, unmarked, text, inputs, ENDS);
      const marks = marked.generated?.(messages, inputs) ?? [];
      // With thoughts switched off the prompt has empty ones, and real thoughts begin within those.
      const isOff = variables?.['enable_thinking'] === false;
      const expectedSpans = marks.map(({ start, end }, nth) => ({
        start: isOff ? Math.max(start, found[nth]?.start ?? 0) : start,
        end,
      }));
      expect(found).toEqual(expectedSpans);
    } catch (error) {
      if (!(error instanceof TunesmithError)) throw error; // refused, and never wrong
    }
  }
}

describe('what `datasets` reads', () => {
  it('differs from the file in the ways that docs/data.md names, and in no other', () => {
    const ways = [...fuzz.datasets.flatMap((kinds) => Object.values(kinds)), ...fuzz.cellDatasets].flat();
    const named = [
      ...['null for a missing key', 'a value for a missing key', 'other order of keys', 'null for a value'],
      ...['another number', 'another type', 'refused'],
    ];
    expect(named).toEqual(expect.arrayContaining([...new Set(ways)]));
    const docs = readFileSync(new URL('../../../docs/data.md', import.meta.url), 'utf8');
    for (const way of named) expect(docs).toContain(`_${way}_`);
  });
});

describe.each([
  ['odd.json', `[${objects.join(',\n')}]`],
  ['odd.csv', table([columns, ...fuzz.rows.map(cellsOf)])],
])('%s', (name, content) => {
  it('says what the same rows say as lines', async () => {
    const { records, problems } = await readRecords(name, content);
    expect(problems).toEqual([]);
    expect(records.map(({ sample }) => sample)).toEqual(lines.records.map(({ sample }) => sample));
  });
});

describe('odd cells', () => {
  it('are all read', () => {
    expect(cells.problems).toEqual([]);
    expect(cells.records).toHaveLength(fuzz.cells.length);
  });

  it.each(Object.keys(fuzz.cellResults))(
    'become the tokens that Python makes of them, with %s',
    (name) => compare(name, cells.records, fuzz.cellResults[name]),
    600_000,
  );
});

describe('odd rows', () => {
  const { records, problems } = lines;

  it('are all read', () => {
    expect(problems).toEqual([]);
    expect(records).toHaveLength(fuzz.rows.length);
  });

  it.each(Object.keys(fuzz.results))(
    'become the tokens and the targets that Python makes of them, with %s',
    (name) => compare(name, records, fuzz.results[name]),
    600_000,
  );
});
