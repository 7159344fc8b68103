import { DATA_FORMAT_NAMES } from '../data/files/formats';
import type { TrainSettings } from '../core/settings/settings';
import type { Arguments, ArgumentsSpec, OptionSpec } from './arguments';
import type { Output } from './output';

export interface Command extends ArgumentsSpec {
  /** One line for the list of commands. */
  readonly summary: string;
  /** Where the command's defaults are not those of training. */
  readonly defaults?: Partial<TrainSettings>;
  run(args: Arguments, output: Output): Promise<void>;
}

export const ADAPTER_OPTION: OptionSpec = {
  value: 'DIR',
  kind: 'text',
  help: 'a PEFT adapter for it; without one, the base alone',
};
export const DATA_OPTION: OptionSpec = {
  value: 'FILE…',
  kind: 'list',
  required: true,
  help: `examples (${DATA_FORMAT_NAMES}), or folders of them: Alpaca, messages or text`,
};
export const JSON_OPTION: OptionSpec = {
  value: '',
  kind: 'flag',
  help: 'one JSON object a line on standard output, all else on standard error',
};
