import { describe, expect, it } from 'vitest';
import type { BaseUse } from '../../../../src/exports/card/base_use';
import { adapterCode } from '../../../../src/exports/card/python';

const base: BaseUse = {
  ...{ name: 'some/base', isRepo: true, revision: null },
  ...{ quantisation: 'none', withImages: false, hasTemplate: true },
};
const code = (change: Partial<BaseUse>): string => adapterCode({ ...base, ...change }, 'base-lora');

describe('the code that runs an adapter', () => {
  it('loads an unquantised base as it is', () => {
    expect(code({ revision: 'c0ffee' })).toContain(
      'AutoModelForCausalLM.from_pretrained(base, revision="c0ffee", dtype="auto")',
    );
    expect(code({})).toContain('tokenizer = AutoTokenizer.from_pretrained(adapter)');
    expect(code({})).not.toContain('quantization');
  });

  it.each([
    ['nf4', 'bnb_4bit_use_double_quant=False'],
    ['nf4_double', 'bnb_4bit_use_double_quant=True'],
  ] as const)('quantises it as in training: %s', (quantisation, line) => {
    expect(code({ quantisation })).toContain(line);
    expect(code({ quantisation })).toContain('from_pretrained(base, quantization_config=quantization,');
    expect(code({ quantisation })).toContain('# pip install peft transformers bitsandbytes\n');
  });

  it.each([
    ['gptq', 'gptqmodel optimum'],
    ['awq', 'gptqmodel'],
    ['bitsandbytes', 'bitsandbytes'],
  ] as const)('names the packages that a published %s model needs', (quantisation, packages) => {
    expect(code({ quantisation })).toContain(`# pip install peft transformers ${packages}\n`);
    expect(code({ quantisation })).not.toContain('BitsAndBytesConfig');
  });

  it('reads a GGUF file from its folder or repository', () => {
    const gguf = { gguf: 'b.Q4_0.gguf', quantisation: 'gguf' } as const;
    expect(code(gguf)).toContain('from_pretrained(base, gguf_file="b.Q4_0.gguf", dtype="auto")');
    expect(code(gguf)).toContain('base = "some/base"\n');
    expect(code({ ...gguf, name: 'models/b.Q4_0.gguf' })).toContain('base = "models"\n');
    expect(code({ ...gguf, name: 'b.Q4_0.gguf' })).toContain('base = "."\n');
    expect(code({ ...gguf, readsGguf: false })).toContain('base = "path/to/base-model"  # in safetensors');
    expect(code({ ...gguf, readsGguf: false })).not.toContain('gguf_file');
  });

  it('downloads the page’s own model', () => {
    const files = ['https://a.example/models/demo/config.json'];
    expect(code({ name: 'tunesmith-demo', files })).toContain('base = Path("tunesmith-demo")\n');
    expect(code({ files })).toContain(`    "${files[0]}",\n`);
  });

  it('asks for a continuation if the model has no chat template', () => {
    expect(code({ hasTemplate: false })).not.toContain('apply_chat_template');
  });
});
