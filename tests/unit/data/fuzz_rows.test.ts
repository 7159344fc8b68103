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

/** What tests/templates/fuzz_rows.py had from Python's json and transformers. Another file of its kind may be named. */
const file =
  process.env['TUNESMITH_FUZZ_ROWS'] ?? new URL('../../templates/fixtures/fuzz.json', import.meta.url);
const folder = process.env['TUNESMITH_FUZZ_TEMPLATES'];
const { rows, results } = JSON.parse(readFileSync(file, 'utf8')) as {
  rows: readonly string[];
  results: Readonly<Record<string, readonly string[]>>;
};
/** Said of a row, while transformers says nothing. */
const SAID = ['chat_template_left_out', 'nothing_to_learn'];
const ENDS = ['</turn>', '<|im_end|>', '<|end|>'];
const tokenizer = toyTokenizer();
const sourceOf = (name: string): string => {
  const own = new URL(`../../templates/sources/marked/${name}.jinja`, import.meta.url);
  return readFileSync(folder === undefined ? own : `${folder}/${name}.jinja`, 'utf8');
};

describe('odd rows', async () => {
  const { records, problems } = await readRecords('odd.jsonl', rows.join('\n'));

  it('are all read', () => {
    expect(problems).toEqual([]);
    expect(records).toHaveLength(rows.length);
  });

  it.each(Object.keys(results))(
    'become the tokens and the targets that Python makes of them, with %s',
    (name) => {
      const source = sourceOf(name);
      const now = new Date(2026, 2, 5, 7, 8, 9);
      const made = (text: string): ChatTemplate =>
        jinjaTemplate(text, { specialTokens: tokenizer.specialTokens, now });
      const isMarked = /\bendgeneration\b/.test(source);
      const [marked, unmarked] = [
        made(source),
        made(
          source.replace(/(\{%[-+]?\s*)generation\b/g, '$1if true').replace(/\bendgeneration\b/g, 'endif'),
        ),
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
      const expected = results[name]?.map((one, i) => (outcomes[i] === undefined ? undefined : one));
      expect(outcomes).toEqual(expected);

      for (const { sample } of isMarked ? records : []) {
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
    },
    600_000,
  );
});
