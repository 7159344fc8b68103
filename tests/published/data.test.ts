import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { tokenizeSample } from '../../src/data/examples';
import { previewTokens } from '../../src/data/preview';
import type { Message } from '../../src/data/records';
import { chatTemplateSource, jinjaTemplate } from '../../src/data/template';
import { loadTokenizer } from '../../src/data/tokenizer';
import { conversations, fixture as templateFixture, outcome } from '../templates/expected';
import {
  checksum,
  expectChecksums,
  expectRandom,
  expected,
  fixture as tokenizerFixture,
  type Checksums,
} from '../tokenizers/expected';
import { readRecords } from '../unit/data/read_records';
import { publishedBytes, publishedJson, publishedText } from './folder';

const tokenizerOf = (name: string, config: unknown = {}) =>
  loadTokenizer(publishedJson(`tokenizers/${name}/tokenizer.json`), config);
const configOf = (name: string): unknown => publishedJson(`tokenizers/${name}/tokenizer_config.json`);

describe('published records', () => {
  it.each([
    ['alpaca_en_demo.json', 'chat', 999],
    ['alpaca_zh_demo.json', 'chat', 1000],
    ['identity.json', 'chat', 91],
    ['c4_demo.jsonl', 'text', 300],
  ])('of %s have no problem', async (name, kind, count) => {
    const { records, problems } = await readRecords(name, publishedBytes(`datasets/llama_factory/${name}`));
    expect(problems).toEqual([]);
    expect(records).toHaveLength(count);
    expect(records.every(({ sample }) => sample.kind === kind)).toBe(true);
  });

  it.each(['qwen3', 'qwen2.5'])(
    'with tools and calls of them are rendered by the template of %s',
    async (name) => {
      const path = 'datasets/llama_factory/glaive_toolcall_en_demo.json';
      const { records, problems } = await readRecords(path, publishedBytes(path));
      expect(problems).toEqual([]);
      expect(records).toHaveLength(300);
      const template = jinjaTemplate(chatTemplateSource(configOf(name)) ?? '', { specialTokens: {} });
      const calls = records.filter(({ sample }) => {
        if (sample.kind !== 'chat') return false;
        const text = template.render(sample.messages, false, { tools: sample.tools });
        return text.includes('\n<tool_call>\n{"name": "') && text.includes('\n<tool_response>\n');
      });
      expect(calls.length).toBeGreaterThan(100);
    },
  );
});

const templates = templateFixture('published') as Readonly<Record<string, Readonly<Record<string, string>>>>;

describe.each(Object.keys(templates))('the published template %s', (path) => {
  it.each(Object.entries(conversations))('renders "%s" as transformers does', (title, conversation) => {
    const file = `tokenizers/${path}`;
    const source = path.endsWith('.jinja') ? publishedText(file) : chatTemplateSource(publishedJson(file));
    const { text, generated = [], error } = outcome(source ?? '', conversation);
    const sum = createHash('sha256').update([text, ...generated].join('\0'));
    expect(error === undefined ? sum.digest('hex').slice(0, 16) : 'error').toBe(templates[path]?.[title]);
  });
});

it('every published case of Qwen3 is rendered exactly', () => {
  const cases = publishedJson('chat_templates/qwen3_cases.json') as {
    messages: Message[];
    add_generation_prompt: boolean;
    kwargs: Record<string, unknown>;
    expected: string;
  }[];
  expect(cases.length).toBeGreaterThan(0);
  for (const { messages, add_generation_prompt, kwargs: variables, expected: rendered } of cases) {
    const specialTokens = { eos_token: '<|im_end|>' };
    const template = jinjaTemplate(chatTemplateSource(configOf('qwen3')) ?? '', { specialTokens, variables });
    expect(template.render(messages, add_generation_prompt)).toBe(rendered);
  }
});

it.each([
  ['qwen2.5', '<|im_end|>'],
  ['qwen3', '<|im_end|>'],
  ['minimind', '<|im_end|>'],
  ['llama3.1', '<|eot_id|>'],
])('%s: answers are trained to their ends, in several turns', (name, end) => {
  const config = configOf(name);
  const tokenizer = tokenizerOf(name, config);
  const { specialTokens } = tokenizer;
  const template = jinjaTemplate(chatTemplateSource(config) ?? '', { specialTokens });
  const messages = ['Who are you?', 'A parrot.', 'And now?', 'Still.\n\nA parrot 🦜'].map(
    (content, i): Message => ({ role: i % 2 === 0 ? 'user' : 'assistant', content }),
  );
  const settings = { tokenizer, template, trainOn: 'responses', maxSeqLength: 1000 } as const;
  const { example } = tokenizeSample({ kind: 'chat', messages }, settings);
  const runs: string[] = [];
  let before = false;
  for (const { text, trained } of previewTokens(example, tokenizer)) {
    if (trained) runs.push((before ? (runs.pop() ?? '') : '') + text);
    before = trained;
  }
  const answers = runs.map((run) => run.replace(/^<think>\s*<\/think>\s*/, ''));
  expect(answers).toEqual([`A parrot.${end}`, `Still.\n\nA parrot 🦜${end}`]);
});

describe('published tokenizers', () => {
  it.each([
    ['qwen2.5', 'qwen2'],
    ['llama3.1', 'llama-bpe'],
    ['gpt2', 'gpt-2'],
  ])('%s gives the ids of llama.cpp', (name, vector) => {
    const inputs = publishedJson('tokenizer_vectors/llama.cpp/inputs.json') as string[];
    const lines = publishedText(`tokenizer_vectors/llama.cpp/ggml-vocab-${vector}.gguf.out`).split('\n');
    const tokenizer = tokenizerOf(name);
    inputs.forEach((text, index) => {
      const ids = (lines[index] ?? '').trim().split(/\s+/).filter(Boolean).map(Number);
      expect(tokenizer.encode(text), JSON.stringify(text)).toEqual(ids);
    });
  });

  it.each([
    ['qwen2.5', 'qwen2', 'Xenova/Qwen1.5-0.5B-Chat'],
    ['gpt2', 'gpt2', 'Xenova/gpt2'],
  ])('%s gives the ids of transformers.js', (name, file, model) => {
    const cases = publishedJson(`tokenizer_vectors/transformers.js/${file}.json`) as Record<
      string,
      Record<string, { text: string; ids: number[] }>
    >;
    const tokenizer = tokenizerOf(name);
    const chosen = Object.values(cases[model] ?? {});
    expect(chosen.length).toBeGreaterThan(0);
    for (const { text, ids } of chosen) expect(tokenizer.encode(text), text).toEqual(ids);
  });

  const sums = tokenizerFixture('published') as Record<string, { hard: string; random: Checksums }>;
  it.each(Object.entries(sums))('%s gives the ids and texts of Python', (name, { hard, random }) => {
    const tokenizer = tokenizerOf(name);
    expectChecksums(hard, expected.hard.length, (index) => {
      const ids = tokenizer.encode(expected.hard[index] ?? '');
      return { sum: checksum(ids), shown: { text: JSON.stringify(expected.hard[index]), ids } };
    });
    expectRandom(tokenizer, random);
  });
});
