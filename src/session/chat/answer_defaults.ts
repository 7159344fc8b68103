import { isRecord } from '../../core/json';
import { ANSWER_DEFAULTS, ANSWER_SETTINGS, type AnswerSettings } from '../../core/settings/settings';

/** What generation_config.json may recommend of how tokens are drawn. */
const DRAWING = ['temperature', 'top_p', 'top_k'] as const;

/**
 * The settings that an answer begins with, as the model's generation_config.json recommends them: those of drawing tokens if
 * `do_sample` is true, a temperature of 0 if it is false, and this project's own if the file does not say. The repetition
 * penalty counts in each case. Values that are not allowed here are passed over, as are those that are null. How long an
 * answer may be is the person's choice.
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
