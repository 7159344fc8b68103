import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { jinjaTemplate } from '../../../../src/data/template';
import { ollamaTemplate } from '../../../../src/exports/gguf/ollama_template';

const source = (name: string): string =>
  readFileSync(new URL(`../../../templates/sources/${name}.jinja`, import.meta.url), 'utf8');
const special = { bos_token: '<s>', eos_token: '</s>' };

describe('a chat template in Ollama’s language', () => {
  test('has the texts around the contents, with a default system prompt', () => {
    const template = ollamaTemplate(jinjaTemplate(source('chatml'), { specialTokens: special }), '');
    expect(template).toBe(
      '{{ if .System }}<|im_start|>system\n{{ .System }}<|im_end|>\n<|im_start|>user\n' +
        '{{ else }}<|im_start|>system\nYou are a ship.<|im_end|>\n<|im_start|>user\n{{ end }}' +
        '{{ range $i, $_ := .Messages }}{{ if eq .Role "user" }}{{ .Content }}' +
        '{{ if eq (len (slice $.Messages $i)) 1 }}<|im_end|>\n<|im_start|>assistant\n' +
        '{{ else }}<|im_end|>\n<|im_start|>assistant\n{{ end }}' +
        '{{ else if eq .Role "assistant" }}{{ .Content }}' +
        '{{ if not (eq (len (slice $.Messages $i)) 1) }}<|im_end|>\n<|im_start|>user\n{{ end }}{{ end }}{{ end }}',
    );
  });

  test('leaves out the text that the tokenizer puts before a prompt', () => {
    const template = jinjaTemplate(source('llama2'), { specialTokens: special });
    expect(ollamaTemplate(template, '')).toContain('{{ else }}<s>[INST] {{ end }}');
    expect(ollamaTemplate(template, '<s>')).toContain('{{ else }}[INST] {{ end }}');
  });

  test.each([
    ['that shows contents twice', "{% for m in messages %}{{ m['content'] }}{{ m['content'] }}{% endfor %}"],
    [
      'whose texts depend on the number of messages',
      "{% for m in messages %}{{ loop.index }}{{ m['content'] }}{% endfor %}",
    ],
    [
      'that refuses a system prompt',
      "{% for m in messages %}{% if m['role'] == 'system' %}{{ raise_exception('no') }}{% endif %}{{ m['content'] }}{% endfor %}",
    ],
    [
      'whose texts would be read as code',
      "{% for m in messages %}{{ '{{ x }}' + m['content'] }}{% endfor %}",
    ],
  ])('does not exist for one %s', (_, jinja) => {
    expect(ollamaTemplate(jinjaTemplate(jinja, { specialTokens: special }), '')).toBeUndefined();
  });
});
