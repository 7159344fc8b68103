import { ANSWER_SETTING_NAMES, ANSWER_DEFAULTS, parseAnswerSettings } from '../chat/settings';
import { TunesmithError } from '../core/errors';
import { parseSettings } from '../train/parse_settings';
import type { Arguments, OptionSpec } from './arguments';
import { ADAPTER_OPTION, COMMON_SETTINGS, JSON_OPTION, type Command } from './command';
import { MODEL_OPTIONS } from './library';
import { conversation, openSession, progressText } from './open';

const sampling = {
  temperature: 'freedom of choice; 0: always the likeliest token',
  top_p: 'only the likeliest tokens that together have this probability',
  top_k: 'only so many of the likeliest tokens; 0: all',
  repetition_penalty: 'above 1: tokens that were there before become less likely',
  max_new_tokens: 'the longest that the answer may get',
} satisfies Partial<Record<keyof typeof ANSWER_DEFAULTS, string>>;

const samplingOptions = Object.fromEntries(
  Object.entries(sampling).map(([name, help]): [string, OptionSpec] => {
    const fallback = ANSWER_DEFAULTS[name as keyof typeof sampling];
    return [name, { value: String(fallback), kind: 'text', help }];
  }),
);

export const chatCommand: Command = {
  name: 'chat',
  summary: 'answers one question',
  options: {
    ...MODEL_OPTIONS,
    adapter: ADAPTER_OPTION,
    prompt: { value: 'TEXT', kind: 'text', required: true, help: 'the question' },
    system: { value: 'TEXT', kind: 'text', help: 'the system message' },
    ...samplingOptions,
    json: JSON_OPTION,
  },
  settings: COMMON_SETTINGS,
  async run(args, output) {
    const settings = parseSettings(args.settings);
    const answerSettings = parseAnswerSettings({ seed: settings.seed, ...numbers(args) });
    const messages = conversation(args.text('system'), args.required('prompt'));
    const session = await openSession(args, settings, output);
    const stop = new AbortController();
    const onInterrupt = (): void => stop.abort();
    process.once('SIGINT', onInterrupt);
    try {
      const result = await session.chat(session.tuned ? 'tuned' : 'base', messages, answerSettings, {
        template: settings.template,
        signal: stop.signal,
        onProgress: (progress) => output.progress(progressText(progress)),
        onText: (delta) => output.text(delta),
      });
      output.line('');
      output.json({
        answer: result.text,
        tokens: result.tokens,
        tokens_per_second: result.tokensPerSecond,
        stopped_by: result.stoppedBy,
      });
    } finally {
      process.off('SIGINT', onInterrupt);
      session.close();
    }
  },
};

function numbers(args: Arguments): Record<string, number> {
  const given: Record<string, number> = {};
  for (const name of ANSWER_SETTING_NAMES) {
    if (!Object.hasOwn(samplingOptions, name)) continue;
    const text = args.text(name);
    if (text === undefined) continue;
    const value = Number(text);
    if (text.trim() === '' || Number.isNaN(value)) {
      throw new TunesmithError({
        code: 'setting_invalid',
        message: `${name} must be a number, not '${text}'.`,
        hint: `Correct ${name}; without it, ${ANSWER_DEFAULTS[name]} is used.`,
      });
    }
    given[name] = value;
  }
  return given;
}
