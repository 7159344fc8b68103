import { isRecord } from '../../core/json';
import { ollamaTemplate } from './ollama_template';
import type { GgufText } from './tokenizer';

/** Parameters of a Modelfile by the fields of generation_config.json. */
const PARAMETERS = {
  temperature: 'temperature',
  top_k: 'top_k',
  top_p: 'top_p',
  min_p: 'min_p',
  repetition_penalty: 'repeat_penalty',
} as const;

/** Ollama's Modelfile for a GGUF file beside it: the chat template, the ends of an answer and the model's own sampling. */
export function modelfile(
  gguf: string,
  { template, bos, stops }: GgufText,
  generationConfig: unknown,
): string {
  const config = isRecord(generationConfig) ? generationConfig : {};
  const go = ollamaTemplate(template, bos);
  const sampling = Object.entries(PARAMETERS).flatMap(([field, parameter]) => {
    const value = config[field];
    return typeof value === 'number' ? [`PARAMETER ${parameter} ${value}`] : [];
  });
  return `${[
    `FROM ./${gguf}`,
    ...(go === undefined ? [] : [`TEMPLATE """${go}"""`]),
    ...stops.map((stop) => `PARAMETER stop ${JSON.stringify(stop)}`),
    ...sampling,
  ].join('\n')}\n`;
}
