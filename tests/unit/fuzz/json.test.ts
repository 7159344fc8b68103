import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { test } from 'vitest';
import { jinjaTemplate } from '../../../src/data/template';
import { loadTokenizer } from '../../../src/data/tokenizer';
import { readSpec } from '../../../src/models/config';
import { attentionsOf } from '../models/layers';
import { readJson } from '../../../src/models/folder';
import { modelLayout } from '../../../src/models/layout';
import { inverseFrequencies } from '../../../src/models/rotary_table';
import { checkpointTensors, type ModelSpec } from '../../../src/models/spec';
import { expectedForms } from '../../../src/models/stored/expected_forms';
import { memoryFile } from '../models/stored/tiny';
import { mutateBytes, mutateJson, type Draw } from './mutate';
import { check, fuzz, TIMEOUT } from './run';

const tests = new URL('../../', import.meta.url);
const parse = (path: string): unknown => JSON.parse(readFileSync(new URL(path, tests), 'utf8')) as unknown;

/** A file of the JSON with values changed, or with bytes changed as well, as the program reads it. */
async function reread(json: unknown, draw: Draw): Promise<unknown> {
  const text = new TextEncoder().encode(JSON.stringify(mutateJson(json, draw)));
  const bytes = draw.below(4) === 0 ? mutateBytes(text, draw) : Uint8Array.from(text);
  return await readJson(memoryFile(bytes, 'file.json'));
}

const isSize = (value: number): boolean => Number.isSafeInteger(value) && value > 0;

/** Properties of a spec that the arithmetic relies on. */
function checkSpec(spec: ModelSpec): void {
  const { rotary, blocks } = spec;
  const attentions = attentionsOf(spec);
  for (const [field, value] of Object.entries(spec)) {
    if (typeof value === 'number') check(Number.isFinite(value), `${field} is ${value}`);
  }
  check(blocks.length > 0, 'there are no blocks');
  for (const { heads, kvHeads, headDim, window, rotary: index } of attentions) {
    check(heads % kvHeads === 0 && headDim % 4 === 0, 'the heads do not fit together');
    check(window === undefined || isSize(window), `a window is ${String(window)}`);
    check(
      index === undefined || rotary[index] !== undefined,
      `there is no rotary embedding ${String(index)}`,
    );
  }
  for (const parameters of rotary) {
    const frequencies = inverseFrequencies(parameters);
    const fits = attentions.every(({ headDim }) => parameters.dim <= headDim);
    check(fits && parameters.dim % 2 === 0, 'more is turned than there is');
    check(
      frequencies.every((value) => Number.isFinite(value) && value >= 0),
      `frequencies are ${frequencies.join()}`,
    );
  }
  let parameterCount = 0;
  for (const { name, shape } of checkpointTensors(spec)) {
    check(shape.every(isSize), `${name} is ${shape.join(' by ')}`);
    parameterCount += shape.reduce((product, length) => product * length, 1);
  }
  check(Number.isSafeInteger(parameterCount), `there are ${parameterCount} parameters`);
}

test('config.json', { timeout: TIMEOUT }, async () => {
  const paths = readdirSync(new URL('parity/fixtures', tests)).map(
    (name) => `parity/fixtures/${name}/config.json`,
  );
  const configs = paths.filter((path) => existsSync(new URL(path, tests))).map(parse);
  await fuzz('config', async (draw) => {
    const config = await reread(configs[draw.below(configs.length)], draw);
    const spec = readSpec(config);
    checkSpec(spec);
    // The estimate before a download; at worst it says that the model can't be loaded.
    const { formOf } = expectedForms(spec, config, [{ path: 'model.safetensors', size: 1e9 }]);
    const load = {
      load_in_4bit: draw.below(2) === 0,
      bnb_4bit_use_double_quant: true,
      dtype: 'auto' as const,
    };
    check(modelLayout(spec, formOf, load, 2 ** 27).tensors.size > 0, 'it has no tensors');
  });
});

const TEXT = 'Hello,  wörld! 你好 👩‍👩‍👧 123456\n\n\tif x == 1: <s> </s> <|im_end|> Ａ\u0301\u0000';

test('tokenizer.json and tokenizer_config.json', { timeout: TIMEOUT }, async () => {
  const names = ['ernie4_5', 'gemma3', 'glm', 'gpt2', 'llama2', 'llama3', 'mistral', 'qwen', 'smollm2', 'yi'];
  const tokenizers = names.map((name) => parse(`tokenizers/fixtures/${name}.json`));
  const config = {
    ...{ add_bos_token: true, add_eos_token: false, bos_token: '<s>', clean_up_tokenization_spaces: false },
    ...{ eos_token: { content: '</s>', lstrip: false }, pad_token: null, tokenizer_class: 'LlamaTokenizer' },
    added_tokens_decoder: { 0: { content: '<unk>', special: true }, 1: { content: '<s>', special: true } },
  };
  await fuzz('tokenizer', async (draw) => {
    const json = tokenizers[draw.below(tokenizers.length)];
    const tokenizer =
      draw.below(4) === 0
        ? loadTokenizer(json, await reread(config, draw))
        : loadTokenizer(await reread(json, draw), config);
    const ids = tokenizer.encode(TEXT, { addSpecialTokens: true });
    check(
      ids.every((id) => Number.isSafeInteger(id) && id >= 0 && id < tokenizer.vocabSize),
      `ids are ${ids.join()}`,
    );
    check(ids.length <= 20 * TEXT.length, `there are ${ids.length} ids`);
    const text = tokenizer.decode(ids);
    const stream = tokenizer.stream();
    const streamed = ids.map((id) => stream.push(id)).join('') + stream.end();
    check(
      streamed === text,
      `the whole decodes to ${JSON.stringify(text)}, one by one to ${JSON.stringify(streamed)}`,
    );
  });
});

const TEMPLATES = [
  `{%- if messages[0]['role'] == 'system' %}{{ '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
{%- endif %}{% for message in messages %}{% if loop.first and message.role == 'system' %}{% continue %}{% endif %}
{{- '<|im_start|>' ~ message['role'] ~ '\\n' ~ message['content'] | trim ~ '<|im_end|>\\n' }}{% endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant\\n{% endif %}`,
  `{% set ns = namespace(last=0) %}{% for m in messages[::-1] %}{% set ns.last = loop.index0 %}{% endfor %}
{% macro show(text, n=2) %}{{ text[:n] | upper }}{% endmacro %}{{ show(messages | map(attribute='role') | join(',')) }}
{% for i in range(3) %}{{ i * 2 }},{{ "%02d" | format(i) }}{% endfor %}{{ messages | tojson }}{{ ns.last is defined }}`,
  `{{ bos_token }}{% for m in messages %}{% generation %}{{ m.content.split('</think>')[-1].lstrip('\\n') }}{% endgeneration %}
{{ eos_token if not loop.last else '' }}{% else %}{{ raise_exception('nothing') }}{% endfor %}{# a comment #}`,
];

test('chat templates', { timeout: TIMEOUT }, async () => {
  const messages = [
    { role: 'system', content: 'Be brief.' },
    { role: 'user', content: 'What is  2 + 2?\n' },
    { role: 'assistant', content: '<think>hm</think>\n4' },
  ] as const;
  const specialTokens = { bos_token: '<s>', eos_token: '</s>' };
  await fuzz('template', (draw) => {
    const source = new TextEncoder().encode(TEMPLATES[draw.below(TEMPLATES.length)]);
    const text = new TextDecoder().decode(mutateBytes(source, draw));
    const template = jinjaTemplate(text, { specialTokens });
    const rendered = template.render(messages, true);
    check(rendered === template.render(messages, true), 'it renders differently each time');
    check(rendered.length < 2 ** 24, `it renders ${rendered.length} characters`);
    for (const { start, end } of template.generated?.(messages) ?? []) {
      check(start >= 0 && start <= end && end <= rendered.length, `it marks ${start} to ${end}`);
    }
  });
});
