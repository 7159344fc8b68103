import { describe, expect, it } from 'vitest';
import { tokenizeSample, type ExampleSettings } from '../../../src/data/examples';
import { previewTokens } from '../../../src/data/preview';
import { listOf } from '../../../src/data/example_list';
import { packed } from '../../../src/data/packed_list';
import type { Message, Sample } from '../../../src/data/records';
import { readRecords } from './read_records';
import { answerSpans } from '../../../src/data/spans';
import { alpacaTemplate, jinjaTemplate } from '../../../src/data/template';
import { loadTokenizer } from '../../../src/data/tokenizer';
import { dataFixtures, toyTokenizer, toyTokenizerJson } from './fixtures';

const tokenizer = toyTokenizer();
const { specialTokens } = tokenizer;
const turns = jinjaTemplate(dataFixtures.templates.turns.source, { specialTokens });
const settings: ExampleSettings = { tokenizer, template: turns, trainOn: 'responses', maxSeqLength: 1000 };

const pairs = (...contents: string[]): Message[] =>
  contents.map((content, i) => ({ role: i % 2 === 0 ? 'user' : 'assistant', content }));
const chat = (...contents: string[]) => ({ kind: 'chat', messages: pairs(...contents) }) as const;

/** The example as text, each run of trained tokens in ‹›. */
function marked(
  sample: Parameters<typeof tokenizeSample>[0],
  changed: Partial<ExampleSettings> = {},
): string {
  const { example } = tokenizeSample(sample, { ...settings, ...changed });
  const tokens = previewTokens(example, changed.tokenizer ?? tokenizer);
  return tokens
    .map(({ text, trained }, i) => {
      const open = trained && tokens[i - 1]?.trained !== true ? '‹' : '';
      const close = trained && tokens[i + 1]?.trained !== true ? '›' : '';
      return open + text + close;
    })
    .join('');
}

describe('the masks', () => {
  const cases = Object.entries(dataFixtures.templates).flatMap(([name, { source, cases }]) =>
    cases.map((expected, index) => ({ name, index, source, expected })),
  );
  it.each(cases)('of template $name, conversation $index, are those of transformers', (fixture) => {
    const { messages, ids, mask, error } = fixture.expected;
    const template = jinjaTemplate(fixture.source, { specialTokens });
    const sample = { kind: 'chat', messages } as const;
    if (error !== undefined) {
      expect(() => tokenizeSample(sample, { ...settings, template })).toThrow(error);
      return;
    }
    const { example } = tokenizeSample(sample, { ...settings, template });
    expect(Array.from(example.ids)).toEqual(ids);
    expect(Array.from(example.trained)).toEqual(mask);
    expect(example.whole).toBeUndefined();
  });

  it.each(cases)('of template $name, conversation $index, need no marks in the template', (fixture) => {
    const { messages, mask, error } = fixture.expected;
    const source = fixture.source
      .replace(/(\{%-?\s*)generation(\s*-?%\})/g, '$1if true$2')
      .replace(/(\{%-?\s*)endgeneration(\s*-?%\})/g, '$1endif$2');
    expect(source).not.toBe(fixture.source);
    if (error !== undefined) return;
    const template = jinjaTemplate(source, { specialTokens });
    expect(template.generated?.(messages)).toBeUndefined();
    const { example } = tokenizeSample({ kind: 'chat', messages }, { ...settings, template });
    expect(Array.from(example.trained)).toEqual(mask);
  });

  it('hold every token of the character that a marked part ends with', () => {
    const source =
      '{% for m in messages %}<{{ m.role }}>{% if m.role == "assistant" %}{% generation %}{{ m.content }}' +
      '{% endgeneration %}{% else %}{{ m.content }}{% endif %}</turn>\n{% endfor %}';
    const template = jinjaTemplate(source, { specialTokens });
    const { example } = tokenizeSample(chat('Hi', 'Ho 🦜'), { ...settings, template });
    const learnt = Array.from(example.ids).filter((_, i) => example.trained[i]);
    expect(learnt).toEqual([...tokenizer.encode('Ho 🦜')]);
    expect(tokenizer.encode('🦜').length).toBeGreaterThan(1);
  });

  it('hold the token that ends an answer, and nothing after it', () => {
    expect(marked(chat('Hi', 'Ho', 'And?', 'No'))).toBe(
      '<turn>system\nBe brief.</turn>\n<turn>user\nHi</turn>\n<turn>assistant\n‹Ho</turn>›\n' +
        '<turn>user\nAnd?</turn>\n<turn>assistant\n‹No</turn>›\n',
    );
  });

  it('hold every token where all are trained', () => {
    const { example } = tokenizeSample(chat('Hi', 'Ho'), { ...settings, trainOn: 'all' });
    expect(example.trained).toEqual(new Uint8Array(example.ids.length).fill(1));
  });

  it('hold a token that joins the start of an answer with what is before it', () => {
    const source =
      "{% for m in messages %}{{ m.role ~ ': ' ~ m.content ~ '\\n' }}{% endfor %}" +
      "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}";
    const template = jinjaTemplate(source, { specialTokens });
    expect(tokenizer.encode(': the')).toHaveLength(2);
    expect(marked(chat('a', 'the ship'), { template })).toBe('user: a\nassistant:‹ the ship\n›');
  });
});

describe('a template whose beginnings are not beginnings', () => {
  it('has its answers found in the whole', () => {
    const source = '{{ messages | length }}{% for m in messages %}{{ m.role ~ m.content }}{% endfor %}';
    const template = jinjaTemplate(source, { specialTokens });
    expect(marked(chat('Hi', 'Ho'), { template })).toBe('2userHiassistant‹Ho›');
    expect(marked(chat('Hi', 'Ho'), { template, trainOn: 'all' })).toBe('‹2userHiassistantHo›');
  });

  it('may begin an answer with thoughts only if it is asked for', () => {
    const source =
      "{% for m in messages %}{{ '<' ~ m.role ~ '>' ~ m.content ~ '</turn>' }}{% endfor %}" +
      "{% if add_generation_prompt %}{{ '<assistant><think>' }}{% endif %}";
    const template = jinjaTemplate(source, { specialTokens });
    expect(marked(chat('A', 'b', 'C', 'd'), { template })).toBe(
      '<user>A</turn><assistant>‹b</turn>›<user>C</turn><assistant>‹d</turn>›',
    );
    expect(marked(chat('A', '<think>b'), { template })).toBe('<user>A</turn><assistant><think>‹b</turn>›');
  });

  it('may end with a token more at the very end', () => {
    const source =
      "{% for m in messages %}{{ '<' ~ m.role ~ '>' ~ m.content ~ '</turn>\n' }}{% endfor %}" +
      "{% if add_generation_prompt %}{{ '<assistant>' }}{% else %}{{ '<pad>' }}{% endif %}";
    const template = jinjaTemplate(source, { specialTokens });
    expect(marked(chat('A', 'b', 'C', 'd'), { template })).toBe(
      '<user>A</turn>\n<assistant>‹b</turn>›\n<user>C</turn>\n<assistant>‹d</turn>\n<pad>›',
    );
  });

  it('is refused by name if an answer changes what stands around it', () => {
    const source =
      '{% if messages | length > 1 %}{{ messages[1].content | length }}{% endif %}' +
      "{% for m in messages %}{{ '<' ~ m.role ~ '>' ~ m.content }}{% endfor %}";
    const template = jinjaTemplate(source, { specialTokens });
    expect(() => tokenizeSample(chat('Hi', 'Ho'), { ...settings, template })).toThrow(
      /message 2 .*the model’s chat template/,
    );
  });

  it('does not matter where an earlier answer ends as it does when it is the last', () => {
    const source =
      "{% for m in messages %}{{ '<' ~ m.role ~ '>' }}{{ m.content if loop.last else m.content | upper }}{% endfor %}" +
      "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}";
    const template = jinjaTemplate(source, { specialTokens });
    expect(marked(chat('A', 'b', 'C', 'd'), { template })).toBe('<user>A<assistant>‹B›<user>C<assistant>‹d›');
  });

  it('is refused where an earlier answer ends otherwise', () => {
    const source =
      "{% for m in messages %}{{ '<' ~ m.role ~ '>' ~ m.content ~ ('!' if loop.last else '.') }}{% endfor %}" +
      "{% if add_generation_prompt %}{{ '<assistant>' }}{% endif %}";
    const template = jinjaTemplate(source, { specialTokens });
    expect(() =>
      answerSpans(pairs('A', 'b', 'C', 'd'), template, template.render(pairs('A', 'b', 'C', 'd'))),
    ).toThrow(/message [24] .*the model’s chat template/);
  });
});

describe('the Alpaca prompt', () => {
  it('trains the answers and their ends, after a bos_token', () => {
    const text = marked(chat('Hi', 'Ho', 'And?', 'No'), { template: alpacaTemplate('</turn>') });
    expect(text.startsWith('<bos>Below is')).toBe(true);
    expect(text.split('‹')).toHaveLength(3);
    expect(text).toContain(
      '### Response:\n‹Ho</turn>›\n\n### Instruction:\nAnd?\n\n### Response:\n‹No</turn>›',
    );
  });

  it('has no second bos_token if a system message begins with one', () => {
    const messages: Message[] = [{ role: 'system', content: '<bos>Be brief.' }, ...pairs('Hi', 'Ho')];
    const template = alpacaTemplate('</turn>');
    const text = marked({ kind: 'chat', messages }, { template });
    expect(text.match(/<bos>/g)).toHaveLength(1);
  });

  it('works without an end', () => {
    expect(marked(chat('Hi', 'Ho'), { template: alpacaTemplate(undefined) })).toMatch(/### Response:\n‹Ho›$/);
  });
});

describe('a text', () => {
  it('is trained whole, between bos_token and eos_token', () => {
    expect(marked({ kind: 'text', text: 'The sea.' })).toBe('‹<bos>The sea.</turn>›');
    expect(marked({ kind: 'text', text: 'The sea.</turn>' })).toBe('‹<bos>The sea.</turn>›');
    expect(marked({ kind: 'text', text: '<bos>The sea.</turn>\n' })).toBe('‹<bos>The sea.</turn>\n›');
    expect(marked({ kind: 'text', text: '<bos></turn>The sea.' })).toBe('‹<bos></turn>The sea.</turn>›');
    const bare = loadTokenizer(toyTokenizerJson);
    expect(marked({ kind: 'text', text: 'The sea.' }, { tokenizer: bare })).toBe('‹The sea.›');
  });
});

describe('a long example', () => {
  const long = chat('Hi', 'The captain asked the parrot a question.');
  const { example } = tokenizeSample(long, settings);

  it('is cut', () => {
    const maxSeqLength = example.ids.length - 4;
    const cut = tokenizeSample(long, { ...settings, maxSeqLength });
    expect(cut.example.whole).toBe(example.ids.length);
    expect(cut.example.ids).toEqual(example.ids.slice(0, maxSeqLength));
    expect(cut.example.trained).toEqual(example.trained.slice(0, maxSeqLength));
  });

  it('of which no answer is left is refused, as is one without an answer', () => {
    const first = example.trained.indexOf(1);
    expect(() => tokenizeSample(long, { ...settings, maxSeqLength: first })).toThrow(/come after the first/);
    const shortest = tokenizeSample(long, { ...settings, maxSeqLength: first + 1 });
    expect(shortest.example.whole).toBe(example.ids.length);
    expect(() => tokenizeSample(chat('Hi'), settings)).toThrow(/no answer to learn/);
    const one: ExampleSettings = { ...settings, tokenizer: loadTokenizer(toyTokenizerJson) };
    expect(() => tokenizeSample({ kind: 'text', text: 'a' }, one)).toThrow(/no answer to learn/);
  });
});

describe('what no special token ends', () => {
  it('is told', () => {
    const endless = (sample: Parameters<typeof tokenizeSample>[0], changed: Partial<ExampleSettings> = {}) =>
      tokenizeSample(sample, { ...settings, ...changed }).endless;
    const bare = { tokenizer: loadTokenizer(toyTokenizerJson), template: alpacaTemplate(undefined) };
    expect(endless(chat('Hi', 'Ho'))).toBe(false);
    expect(endless(chat('Hi', 'Ho'), { trainOn: 'all' })).toBe(false);
    expect(endless(chat('Hi', 'Ho'), bare)).toBe(true);
    expect(endless({ kind: 'text', text: 'The sea.' })).toBe(false);
    expect(endless({ kind: 'text', text: 'The sea.' }, bare)).toBe(true);
    expect(endless({ kind: 'text', text: 'The sea.</turn>\n' }, bare)).toBe(false);
  });
});

describe('a conversation with calls', () => {
  it('gives a template the arguments of calls as it takes them', async () => {
    const call = '{"function": {"name": "f", "arguments": "{\\"city\\":\\"Rome\\"}"}}';
    const line = `{"messages": [{"role": "user", "content": "Hi"}, {"role": "assistant", "tool_calls": [${call}]}]}`;
    const [record] = (await readRecords('a.jsonl', line)).records;
    const rendered = (written: string): string => {
      const calls = `{{ m.tool_calls[0].function.${written} }}<turn>`;
      const source = `{% for m in messages %}{% if m.tool_calls %}${calls}{% else %}{{ m.content }}{% endif %}{% endfor %}`;
      const template = jinjaTemplate(source, { specialTokens });
      return marked(record!.sample, { template, trainOn: 'all' });
    };
    expect(rendered('arguments | tojson')).toContain('{"city": "Rome"}');
    // A template that takes only texts gets the text of the file.
    expect(rendered("name + ':' + m.tool_calls[0].function.arguments")).toContain('f:{"city":"Rome"}');
  });

  it.each(['responses', 'all'] as const)('learns no answer of weight 0 (%s)', async (trainOn) => {
    const row = (weight: string) =>
      `{"messages":[{"role":"user","content":"Hi"},{"role":"assistant","content":"Ho","weight":${weight}},` +
      '{"role":"user","content":"Hi"},{"role":"assistant","content":"Hu"}]}';
    const texts: string[] = [];
    for (const weight of ['1', '0', '0.0']) {
      const [record] = (await readRecords('a.jsonl', row(weight))).records;
      texts.push(marked(record!.sample, { trainOn }));
    }
    expect(texts[0]).toMatch(trainOn === 'all' ? /^‹.*Ho.*Hu.*›$/s : /‹[^›]*Ho.*‹[^›]*Hu/s);
    expect(texts[1]).toMatch(trainOn === 'all' ? /‹.*Hi.*›Ho.*‹.*Hu.*›$/s : /^[^‹]*Ho[^‹]*‹[^›]*Hu/s);
    expect(texts[2]).toBe(texts[1]);
  });
});

describe('the weights of targets', () => {
  const { kind, messages } = chat('Hi', 'Ho');
  const [question, answer] = messages;
  const weightsIn = (
    sample: Sample,
    trainOn: ExampleSettings['trainOn'],
  ): { readonly targets: number[]; readonly others: number[] } => {
    const { trained, weights } = tokenizeSample(sample, { ...settings, trainOn }).example;
    const of = (target: number): number[] => [
      ...new Set(Array.from(weights ?? []).filter((_, at) => trained[at] === target)),
    ];
    return { targets: of(1), others: of(0) };
  };

  it('are those of the row times those of the answers', () => {
    const twice = [question!, { ...answer!, weight: 3 }, question!, answer!];
    const row = { kind, messages: twice, weight: 0.5 } as const;
    expect(weightsIn(row, 'responses')).toEqual({ targets: [1.5, 0.5], others: [0.5] });
    expect(weightsIn(row, 'last_response').targets).toEqual([0.5]);
    expect(weightsIn(row, 'all').targets).toEqual([0.5, 1.5]);
    expect(weightsIn({ kind: 'text', text: 'Hi', weight: 2 }, 'all').targets).toEqual([2]);
  });

  it('are not told if all are 1', () => {
    expect(tokenizeSample({ kind, messages }, settings).example).not.toHaveProperty('weights');
  });

  it('are cut off with their tokens, and stay theirs in packed bins', async () => {
    const weighted = tokenizeSample({ kind, messages, weight: 2 }, settings).example;
    const plain = tokenizeSample({ kind, messages }, settings).example;
    const size = weighted.ids.length;
    const cut = tokenizeSample({ kind, messages, weight: 2 }, { ...settings, maxSeqLength: size - 1 });
    expect(cut.example.weights).toHaveLength(size - 1);
    const bins = await packed(listOf([plain, weighted]), 2 * size, 'bfd');
    const weights = Array.from((await bins.at(0)).weights!);
    expect(weights).toEqual([...Array<number>(size).fill(1), ...Array<number>(size).fill(2)]);
  });
});

describe('the beginning of an answer', () => {
  const [question, answer] = chat('Hi', ' Ho').messages;
  const prefix = { ...answer!, prefix: true as const };

  it('follows the prompt, and nothing ends it', () => {
    const prompt = turns.render([question!], true);
    const begun = { kind: 'chat' as const, messages: [question!, prefix] };
    expect(marked(begun)).toBe(`${prompt}‹ Ho›`);
    expect(marked(begun, { trainOn: 'last_response' })).toBe(`${prompt}‹ Ho›`);
    expect(marked(begun, { trainOn: 'all' })).toBe(`‹${prompt} Ho›`);
    expect(tokenizeSample(begun, settings).endless).toBe(false);
  });

  it('is learnt alone, and with its weight', () => {
    const messages = [question!, answer!, question!, { ...prefix, weight: 2 }];
    expect(marked({ kind: 'chat', messages })).toMatch(/^[^‹]*Ho[^‹]*‹ Ho›$/s);
    const { trained, weights } = tokenizeSample({ kind: 'chat', messages }, settings).example;
    expect(weights![trained.indexOf(1)]).toBe(2);
  });
});

describe('training on the last answer', () => {
  it('learns that of a conversation and of one with calls', () => {
    const text = marked(
      {
        kind: 'chat',
        messages: [...chat('One?', 'Uno').messages, ...chat('Two?', 'Due').messages],
      },
      { trainOn: 'last_response' },
    );
    expect(text).toMatch(/^[^‹]*Uno[^‹]*Two[^‹]*‹[^›]*Due[^›]*›[^‹]*$/s);
  });

  it('learns nothing if the data excludes that answer', () => {
    const [question, answer] = chat('Hi', 'Ho').messages;
    const messages = [question!, answer!, question!, { ...answer!, trained: false as const }];
    const sample = { kind: 'chat' as const, messages };
    expect(() => tokenizeSample(sample, { ...settings, trainOn: 'last_response' })).toThrow(
      /no answer to learn/,
    );
  });
});

describe('the preview', () => {
  it('gives back the text of the tokens', () => {
    const { example } = tokenizeSample(chat('你好 🏴‍☠️', '船在海上。🦜'), settings);
    const tokens = previewTokens(example, tokenizer);
    expect(tokens).toHaveLength(example.ids.length);
    expect(tokens.map(({ text }) => text).join('')).toBe(tokenizer.decode(Array.from(example.ids)));
    const cut = { ids: example.ids.slice(0, -3), trained: example.trained.slice(0, -3) };
    expect(
      previewTokens(cut, tokenizer)
        .map(({ text }) => text)
        .join(''),
    ).toBe(tokenizer.decode(Array.from(cut.ids)));
  });
});
