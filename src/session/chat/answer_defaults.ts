import { isRecord } from '../../core/json';
import { ANSWER_DEFAULTS, ANSWER_SETTINGS, type AnswerSettings } from '../../core/settings/settings';

/** The sampling settings that generation_config.json may recommend. */
const DRAWING = ['temperature', 'top_p', 'top_k'] as const;

/**
 * The default answer settings, as the model's generation_config.json recommends them: its sampling settings if
 * `do_sample` is true, a temperature of 0 if it is false, and this project's own settings if the file does not have it.
 * The repetition penalty applies in each case. Null and disallowed values are ignored. The length of an answer is the
 * person's choice.
 *
 * @param generationConfig parsed generation_config.json, if there is one
 */
export function answerDefaults(generationConfig: unknown): AnswerSettings {
  if (!isRecord(generationConfig)) return ANSWER_DEFAULTS;
  const { do_sample } = generationConfig;
  const names = ['repetition_penalty', ...(do_sample === true ? DRAWING : [])] as const;
  const recommended = names.flatMap((name) => {
    const read = ANSWER_SETTINGS[name].kind.read(generationConfig[name]);
    return read ? [[name, read.value] as const] : [];
  });
  return {
    ...ANSWER_DEFAULTS,
    ...(do_sample === false && { temperature: 0 }),
    ...Object.fromEntries(recommended),
  };
}
