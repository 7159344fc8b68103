import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { wordsInCode, type FoundWords } from './words_in_code';

const src = join(import.meta.dirname, '../../../src');

/** Sources by path, without the catalogues. */
const code = new Map(
  readdirSync(src, { recursive: true, encoding: 'utf8' })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => /\.(ts|svelte)$/.test(path) && !path.startsWith('core/messages/'))
    .map((path) => [path, readFileSync(join(src, path), 'utf8')]),
);

const wordsOf = (path: string, source: string): readonly string[] =>
  wordsInCode(new Map([[path, source]])).map(({ line, words }) => `${line}: ${words}`);

describe('in TypeScript, the test', () => {
  it.each([
    ["const note = 'The file is damaged';", 'The file is damaged'],
    ["throw new TunesmithError({ code: 'x', message: 'Row 3 is empty.' });", 'Row 3 is empty.'],
    ['show(`${bytes} bytes`);', '… bytes'],
    ['show(`Step ${step} of ${steps}`);', 'Step … of …'],
    ["const title = ready ? 'Done' : 'Not yet';", 'Not yet'],
    ["const title = '训练';", '训练'],
    ["show(names.join(', '));", ','],
    ['show(`${name}, ${size}`);', '…, …'],
    ['show(`${name}: ${size}`);', '…: …'],
    ["show(sentences.join('. '));", '.'],
    ['show(`${phase}.`);', '….'],
  ])('finds %s', (source, words) => {
    expect(wordsOf('x.ts', `\n${source}`)).toEqual([`2: ${words}`]);
  });

  it.each([
    "import { x } from 'a path'; export * from 'a path';",
    "throw new RangeError('the program is wrong');",
    "console.warn('the driver said', text);",
    "throw new TunesmithError({ code: 'x', detail: `found: ${names.join(', ')}` });",
    "type Owner = 'this tab' | 'another tab'; const owner: Owner = 'this tab';",
    "if (kind === 'block end') stop(); switch (kind) { case 'block end': }",
    'const sample = \'{"text": "Once upon a time"}\';',
    "const wide = matchMedia('(width >= 48rem) and (height >= 40rem)');",
    "const name = 'learning_rate';",
    '// A comment of words.',
  ])('leaves out %s', (source) => {
    expect(wordsOf('x.ts', source)).toEqual([]);
  });
});

describe('in Svelte, the test', () => {
  it.each([
    ['<p>Done</p>', 'Done'],
    ['<p>{t.left} GB</p>', 'GB'],
    ["<p>{ready ? t.done : 'Waiting'}</p>", 'Waiting'],
    ["{#each list as item}<b>{item.name ?? 'none'}</b>{/each}", 'none'],
    ['<button title="Close"></button>', 'Close'],
    ['<button aria-label={`Remove ${name}`}></button>', 'Remove …'],
    ["<Facts label={wide ? 'Size' : t.size} />", 'Size'],
    ["<Note kind={make('Two words')} />", 'Two words'],
    ["<button onclick={() => (told = 'It is done')}></button>", 'It is done'],
    ['<script lang="ts">const told: string = \'It is done\';</script>', 'It is done'],
    ["<p>{names.join(', ')}</p>", ','],
    ['<p>{t.again}: {name}</p>', ':'],
    ['<button aria-label="{t.open}: {name}"></button>', ':'],
  ])('finds %s', (source, words) => {
    expect(wordsOf('X.svelte', `\n${source}`)).toEqual([`2: ${words}`]);
  });

  it.each([
    '<p class="muted small {wide ? \'two words\' : \'\'}" style="color: var(--bad)">{t.done}</p>',
    '<a rel="noopener noreferrer" href={address}>→</a>',
    '<code>max_seq_length = {length}</code>',
    "{#if kind === 'done'}{show(kind, 'done')}{/if}",
    '<!-- A comment of words. --><style>p { color: red; }</style>',
    "{#snippet row({ name = 'a' })}{name}{/snippet}",
  ])('leaves out %s', (source) => {
    expect(wordsOf('X.svelte', source)).toEqual([]);
  });
});

/** Words that are right in code, by the reason: in which file, and which. */
const EXCEPTIONS: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  'WGSL and its comments': { 'gpu/run.ts': /./, 'gpu/shaders.ts': /^const …/ },
  'labels of buffers, for the browser’s developer tools': {
    'graph/compile.ts': /^arena …$/,
    'graph/scratch.ts': /^arena …$/,
    'models/adapters/weight_products.ts': /^arena …$/,
    'models/sequence_cache.ts': /^arena …$/,
  },
  'keys of what was measured, which code compares': {
    'graph/device_trials.ts': /^;$/,
    'ops/attention_kernels.ts': /heads of … ×…$/,
    'ops/linears.ts': /^,$/,
    'ops/products/row.ts': /^row lanes$/,
    'ops/products/subgroup_matrix.ts': /^subgroup_matrix …x…$/,
  },
  'lists in brackets, as Python and JSON write them': {
    'data/jinja/json_of.ts': /^[,:]$/,
    'data/jinja/text_of.ts': /^(?:,|…: …)$/,
    'exports/card/json_text.ts': /^…: …$/,
    'exports/cluster/python_value.ts': /^(?:,|…: …)$/,
    'core/settings/foreign/foreign.ts': /^…: …$/,
    'core/settings/parse.ts': /^,$/,
    'core/shape.ts': /^,$/,
  },
  'what a protocol or a file format lays down': {
    'core/lfs_pointer.ts': /^version https:/,
    'data/jinja/filters.ts': /^(?:1 Byte|… Bytes)$/,
    'data/jinja/globals.ts': /^,$/,
    'data/files/unsupported_kind.ts': /^(?:SQLite format 3|version https:.*|<!doctype html)$/i,
    'hub/hash.ts': /^blob …/,
    'hub/requester.ts': /^Bearer …$/,
    'offline/page_files.ts': /^tunesmith …$/,
    'session/writing/endpoint/chat_endpoint.ts': /^Bearer …$/,
    'ui/policy.ts': /^connect-src /,
    'worker/encoding_threads.ts': /^import …;$/,
    'worker/start.ts': /^import …;$/,
  },
  'texts on which tokenizers are compared': { 'exports/check/texts.ts': /./ },
  'the prompt that the models of Stanford Alpaca were trained with': {
    'data/template.ts': /./,
  },
  'a cause as programs print it, for developers': { 'core/errors.ts': /^…: …$/ },
  'beginnings of names and of paths': {
    'cli/output_folder.ts': /^….$/,
    'models/adapter_files.ts': /^….$/,
    'models/gguf_folder.ts': /^….$/,
  },
  'names of tokens': { 'data/jinja/lexer.ts': /^… (?:begin|end)$/ },
  'tables of Unicode': { 'data/tokenization/unicode.ts': /^[\da-f]+.* [\da-f]+/ },
  'YAML, Python and JavaScript': {
    'cli/dawn_events.ts': /^\{ \[native code\] \}$/,
    'exports/card/model_card.ts':
      /^(?:base_model|base_model_relation|library_name|pipeline_tag|from|model =|,)/,
    'exports/card/python.ts': /./,
    'exports/cluster/script.ts': /./,
    'exports/onnx/uses.ts': /./,
  },
  'Ollama’s Modelfile and its language of templates': {
    'exports/gguf/modelfile.ts': /^(?:PARAMETER|TEMPLATE) /,
    'exports/gguf/ollama_template.ts': /^(?:eq |\{\{)/,
  },
  'command lines': {
    'exports/gguf/gguf.ts': /^(?:ollama create|lms import|LM Studio$)/,
    'exports/gguf/lora.ts': /^(?:llama-cli |… LoRA$|--jinja |-m base)/,
    'exports/cluster/cluster.ts': /^llamafactory-cli /,
    'exports/cluster/readme.ts': /^(?:trl==|pip |python |accelerate |llamafactory-cli )/,
  },
  'CSS and HTML': {
    'ui/shared/markdown.ts': /^(?:p br |table thead |noopener |button tiny)/,
    'ui/shared/theme.svelte.ts': /^not all$/,
    'ui/train/SamplePrompts.svelte': /^li:last-child textarea$/,
    'ui/train/plot.ts': /^12px …$/,
  },
  'names of things and of settings, and examples of what to type': {
    'cli/main.ts': /^tunesmith: …$/,
    'cli/train.ts': /^(?:learning_rate|grad_norm) …$/,
    'core/endpoints.ts': /^Hugging Face$/,
    'data/cleaning/private/patterns.ts': /^\(\?:version\|/,
    'data/files/legacy_decoder.ts': /^€ ‚ƒ/,
    'data/files/likely_encodings.ts': /^的一是/,
    'data/files/encoding.ts': /^(?:GB18030 \(GBK\)|Windows-125\d \(.+\)|UTF-16 \(big-endian\))$/,
    'data/shapes/column_names.ts': /^[问答回指输提][^ ]?$/,
    'data/shapes/index.ts': /^… \(null\)$/,
    'models/stored/expected_forms.ts': /^(?:NF4 \(bitsandbytes\)|GGUF, …)$/,
    'ui/examples/files/OwnFiles.svelte': /^\{"instruction": "…", "output": "…"\}$/,
    'ui/model/HubSettings.svelte': /^(?:https:\/\/|main)$/,
    'ui/model/TokenField.svelte': /^hf_…$/,
  },
};

describe('the code', () => {
  const found = wordsInCode(code);
  const isExcepted = ({ path, words }: FoundWords): boolean =>
    Object.values(EXCEPTIONS).some((files) => files[path]?.test(words) === true);

  it('has no words for a person: they stand in the catalogue', () => {
    const words = found.filter((each) => !isExcepted(each));
    expect(words.map(({ path, line, words }) => `src/${path}:${line}: ${words}`)).toEqual([]);
  });

  it('needs every exception', () => {
    const unneeded = Object.values(EXCEPTIONS)
      .flatMap((files) => Object.entries(files))
      .filter(
        ([file, exception]) => !found.some(({ path, words }) => path === file && exception.test(words)),
      );
    expect(unneeded).toEqual([]);
  });
});
