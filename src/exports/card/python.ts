import type { BaseUse } from './base_use';

const chat = `chat = [{"role": "user", "content": "Who are you?"}]
inputs = tokenizer.apply_chat_template(
    chat, add_generation_prompt=True, return_tensors="pt", return_dict=True
).to(model.device)`;

const text = `inputs = tokenizer("Once upon a time", return_tensors="pt").to(model.device)`;

function answer(hasTemplate: boolean): string {
  return `${hasTemplate ? chat : text}
output = model.generate(**inputs, max_new_tokens=100)
print(tokenizer.decode(output[0], skip_special_tokens=True))`;
}

/** The packages that Transformers needs to load a base, besides its own; as arguments of pip. */
const PACKAGES: Readonly<Record<BaseUse['quantisation'], readonly string[]>> = {
  none: [],
  nf4: ['bitsandbytes'],
  nf4_double: ['bitsandbytes'],
  bitsandbytes: ['bitsandbytes'],
  gptq: ['gptqmodel', 'optimum'],
  awq: ['gptqmodel'],
  gguf: [],
};

/** Python code that loads a base as it was loaded in training, puts an adapter on it, and asks a question. */
export function adapterCode(base: BaseUse, adapter: string): string {
  const { gguf, readsGguf = true, files, quantisation, withImages, hasTemplate } = base;
  const isGguf = gguf !== undefined && readsGguf;
  const isNf4 = gguf === undefined && (quantisation === 'nf4' || quantisation === 'nf4_double');
  const model = withImages ? 'AutoModelForImageTextToText' : 'AutoModelForCausalLM';
  const packages = [
    'peft',
    'transformers',
    ...(isGguf ? ['gguf'] : []),
    ...PACKAGES[gguf === undefined ? quantisation : 'none'],
  ];
  const imports = [model, 'AutoTokenizer', ...(isNf4 ? ['BitsAndBytesConfig'] : [])];
  const options = [
    ...(base.revision === null ? [] : [`revision=${JSON.stringify(base.revision)}`]),
    ...(isGguf ? [`gguf_file=${JSON.stringify(gguf)}`] : []),
    ...(isNf4 ? ['quantization_config=quantization'] : []),
    'dtype="auto"',
  ];
  return [
    `# pip install ${packages.join(' ')}`,
    ...(files ? ['from pathlib import Path', 'from urllib.request import urlretrieve', ''] : []),
    'from peft import PeftModel',
    `from transformers import ${imports.join(', ')}`,
    '',
    ...(isNf4 ? nf4(quantisation === 'nf4_double') : []),
    ...(files ? download(base.name, files) : [placeOf(base, isGguf)]),
    `adapter = ${JSON.stringify(adapter)}`,
    `model = ${model}.from_pretrained(base, ${options.join(', ')})`,
    'model = PeftModel.from_pretrained(model, adapter)',
    'tokenizer = AutoTokenizer.from_pretrained(adapter)',
    '',
    answer(hasTemplate),
  ].join('\n');
}

/** The line that names the base. Of a GGUF file that Transformers can't read, the person fills in the same model. */
function placeOf({ name, gguf }: BaseUse, isGguf: boolean): string {
  if (gguf === undefined) return `base = ${JSON.stringify(name)}`;
  if (isGguf) return `base = ${JSON.stringify(folderOf(name))}`;
  return 'base = "path/to/base-model"  # in safetensors: Transformers reads no GGUF files of this family';
}

/** The folder of a GGUF file, if the name is a path of one. */
function folderOf(name: string): string {
  if (!/\.gguf$/i.test(name)) return name;
  return name.replace(/[^\\/]*$/, '').replace(/(?<=.)[\\/]$/, '') || '.';
}

function nf4(isDouble: boolean): readonly string[] {
  return [
    'quantization = BitsAndBytesConfig(',
    '    load_in_4bit=True,',
    '    bnb_4bit_quant_type="nf4",',
    `    bnb_4bit_use_double_quant=${isDouble ? 'True' : 'False'},`,
    ')',
  ];
}

function download(name: string, files: readonly string[]): readonly string[] {
  return [
    `base = Path(${JSON.stringify(name)})`,
    'base.mkdir(exist_ok=True)',
    'for address in [',
    ...files.map((address) => `    ${JSON.stringify(address)},`),
    ']:',
    '    urlretrieve(address, base / address.rsplit("/", 1)[1])',
  ];
}

/** Python code that loads a complete model and asks a question. */
export function mergedCode(
  folder: string,
  { withImages, hasTemplate }: Pick<BaseUse, 'withImages' | 'hasTemplate'>,
): string {
  const model = withImages ? 'AutoModelForImageTextToText' : 'AutoModelForCausalLM';
  return `# pip install transformers
from transformers import ${model}, AutoTokenizer

folder = ${JSON.stringify(folder)}
model = ${model}.from_pretrained(folder, dtype="auto")
tokenizer = AutoTokenizer.from_pretrained(folder)

${answer(hasTemplate)}`;
}
