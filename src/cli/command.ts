import { DATA_FORMAT_NAMES } from '../data/files/formats';
import type { AnswerSettings, TrainSettings } from '../core/settings/settings';
import type { Arguments, ArgumentsSpec, OptionSpec } from './arguments';
import { t } from './language';
import type { Output } from './output';

export interface Command extends ArgumentsSpec {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Defaults of the command that differ from those of training. */
  readonly defaults?: Partial<TrainSettings>;
  /** Its defaults for answers; absent if the model's own recommendations come first. */
  readonly answerDefaults?: AnswerSettings;
  run(args: Arguments, output: Output): Promise<void>;
}

export const ADAPTER_OPTION: OptionSpec = {
  value: 'DIR',
  kind: 'text',
  help: t.cli.options.adapter,
};
export const DATA_OPTION: OptionSpec = {
  value: 'FILE…',
  kind: 'list',
  required: true,
  help: t.cli.options.data(DATA_FORMAT_NAMES),
};
export const JSON_OPTION: OptionSpec = {
  value: '',
  kind: 'flag',
  help: t.cli.options.json,
};
