import type { ExportUse } from '../format';

/** Code that runs an ONNX folder. @param folder its name @param dtype transformers.js's name of its precision */
export function onnxUses(folder: string, dtype: string): readonly ExportUse[] {
  return [
    {
      program: 'transformers.js',
      code: `import { env, pipeline } from '@huggingface/transformers';

env.allowLocalModels = true;
env.localModelPath = 'path/to/models/';
const model = ${JSON.stringify(folder)};
${chat(dtype)}`,
    },
    {
      program: 'transformers.js (Hub)',
      code: `import { pipeline } from '@huggingface/transformers';

const model = ${JSON.stringify(`your-name/${folder}`)};
${chat(dtype)}`,
    },
    {
      program: 'onnxruntime-genai',
      code: `import onnxruntime_genai as og

model = og.Model(${JSON.stringify(`path/to/models/${folder}`)})
tokenizer = og.Tokenizer(model)
prompt = tokenizer.apply_chat_template('[{"role": "user", "content": "Who are you?"}]')
params = og.GeneratorParams(model)
params.set_search_options(max_length=500)
generator = og.Generator(model, params)
generator.append_tokens(tokenizer.encode(prompt))
while not generator.is_done():
    generator.generate_next_token()
print(tokenizer.decode(generator.get_sequence(0)))`,
    },
  ];
}

function chat(dtype: string): string {
  return `const generate = await pipeline('text-generation', model, { dtype: '${dtype}' });
const chat = [{ role: 'user', content: 'Who are you?' }];
const [output] = await generate(chat, { max_new_tokens: 100 });
console.log(output.generated_text.at(-1).content);`;
}
