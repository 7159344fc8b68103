import { isRecord } from '../../core/json';
import { message, type Message } from '../../core/messages/message';
import { EXAMPLES_DAY } from '../../data/template';
import { ollamaTemplate } from './ollama_template';
import type { GgufText } from './tokenizer';

/** A day that shares no field with that of the examples. */
const OTHER_DAY = new Date(2011, 10, 8);

/** Parameters of a Modelfile by the fields of generation_config.json. */
const PARAMETERS = {
  temperature: 'temperature',
  top_k: 'top_k',
  top_p: 'top_p',
  min_p: 'min_p',
  repetition_penalty: 'repeat_penalty',
} as const;

export interface Modelfile {
  readonly content: string;
  /** Notes for the person. */
  readonly notes: readonly Message[];
}

/**
 * Ollama's Modelfile for a GGUF file beside it: the chat template, the ends of an answer and the model's own sampling.
 * A template that writes the date has that of the examples, because Ollama's templates know no date.
 */
export function modelfile(
  gguf: string,
  { templateOn, bos, stops }: Pick<GgufText, 'templateOn' | 'bos' | 'stops'>,
  generationConfig: unknown,
): Modelfile {
  const config = isRecord(generationConfig) ? generationConfig : {};
  const go = ollamaTemplate(templateOn(EXAMPLES_DAY), bos);
  const isDated = go !== ollamaTemplate(templateOn(OTHER_DAY), bos);
  const sampling = Object.entries(PARAMETERS).flatMap(([field, parameter]) => {
    const value = config[field];
    return typeof value === 'number' ? [`PARAMETER ${parameter} ${value}`] : [];
  });
  const lines = [
    `FROM ./${gguf}`,
    ...(go === undefined ? [] : [`TEMPLATE """${go}"""`]),
    ...stops.map((stop) => `PARAMETER stop ${JSON.stringify(stop)}`),
    ...sampling,
  ];
  return {
    content: `${lines.join('\n')}\n`,
    notes: [
      ...(go === undefined ? [message('modelfile_without_template')] : []),
      ...(isDated ? [message('modelfile_dated')] : []),
    ],
  };
}
