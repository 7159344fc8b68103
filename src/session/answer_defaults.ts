import { isRecord } from '../core/json';
import { ANSWER_DEFAULTS, ANSWER_SETTINGS, type AnswerSettings } from '../core/settings/settings';

/** The settings of sampling that generation_config.json may recommend; how long an answer may be is the person's choice. */
const RECOMMENDED = ['temperature', 'top_p', 'top_k', 'repetition_penalty'] as const;

/**
 * The settings that an answer begins with: as the model's generation_config.json recommends, if it says that tokens are
 * drawn (`do_sample`), else this project's own. Values that are not allowed here are passed over, as are those that are null.
 *
 * @param generationConfig parsed generation_config.json, if there is one
 */
export function answerDefaults(generationConfig: unknown): AnswerSettings {
  if (!isRecord(generationConfig) || generationConfig.do_sample !== true) return ANSWER_DEFAULTS;
  const recommended = RECOMMENDED.flatMap((name) => {
    const read = ANSWER_SETTINGS[name].kind.read(generationConfig[name]);
    return read ? [[name, read.value] as const] : [];
  });
  return { ...ANSWER_DEFAULTS, ...Object.fromEntries(recommended) };
}
