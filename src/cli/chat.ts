import { TunesmithError } from '../core/errors';
import {
  ANSWER_SETTING_NAMES,
  LOAD_SETTINGS,
  parseAnswerSettings,
  parseSettings,
} from '../core/settings/settings';
import { answerDefaults } from '../session/chat/answer_defaults';
import { ADAPTER_OPTION, JSON_OPTION, type Command } from './command';
import { t } from './language';
import { MODEL_OPTIONS } from './library';
import { conversation, openSession, progressText } from './open';
import { interruptible } from './signals';

export const chatCommand: Command = {
  name: 'chat',
  summary: t.cli.summaries.chat,
  options: {
    ...MODEL_OPTIONS,
    adapter: ADAPTER_OPTION,
    prompt: { value: 'TEXT', kind: 'text', required: true, help: t.cli.options.prompt },
    system: { value: 'TEXT', kind: 'text', help: t.cli.options.system },
    json: JSON_OPTION,
  },
  settings: [...LOAD_SETTINGS, 'template'],
  answers: ANSWER_SETTING_NAMES,
  async run(args, output) {
    const settings = parseSettings(args.settings);
    // Reports wrong values before a model is loaded.
    parseAnswerSettings(args.answers);
    const messages = conversation(args.text('system'), args.required('prompt'));
    const session = await openSession(args, settings, output);
    try {
      const defaults = answerDefaults(session.model.facts.generationConfig);
      const answerSettings = parseAnswerSettings(args.answers, defaults);
      const result = await interruptible((signal) =>
        session.answering.chat(session.tuned ? 'tuned' : 'base', messages, answerSettings, {
          template: args.settings.template ?? session.template,
          signal,
          onProgress: (progress) => output.progress(progressText(progress)),
          onText: (delta) => output.text(delta),
        }),
      );
      output.line('');
      output.json({
        answer: result.text,
        tokens: result.tokens,
        tokens_per_second: result.tokensPerSecond,
        stopped_by: result.stoppedBy,
      });
      if (result.stoppedBy === 'person') {
        throw new TunesmithError({ code: 'stopped_answering' });
      }
    } finally {
      session.close();
    }
  },
};
