import { readFile } from 'node:fs/promises';
import { TunesmithError } from '../core/errors';
import { readSettingsFile } from '../core/settings/file';
import type { Arguments } from './arguments';
import type { Command } from './command';
import { say, t } from './language';
import type { Output } from './output';

/**
 * Adds `--config FILE` to a command, if it takes settings. Arguments take precedence over the file. The same file
 * serves all commands: a command ignores settings that it does not use, if their values are allowed.
 */
export function withConfig(command: Command): Command {
  if (command.settings.length === 0 && !command.answers) return command;
  return {
    ...command,
    options: {
      ...command.options,
      config: {
        value: 'FILE',
        kind: 'text',
        help: t.cli.options.config,
      },
    },
    run: async (args, output) => await command.run(await over(command, args, output), output),
  };
}

async function over(command: Command, args: Arguments, output: Output): Promise<Arguments> {
  const path = args.text('config');
  if (path === undefined) return args;
  const file = readSettingsFile(path, await textOf(path));
  for (const note of file.notes) output.note(say(note));
  return {
    ...args,
    settings: { ...pick(file.settings, command.settings), ...args.settings },
    answers: { ...pick(file.answers, command.answers ?? []), ...args.answers },
  };
}

async function textOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new TunesmithError({
      code: 'settings_file_unreadable',
      values: { path },
      cause: error,
    });
  }
}

function pick<T extends object>(values: T, names: readonly (keyof T)[]): Partial<T> {
  const entries = Object.entries(values).filter(([name]) => names.some((each) => each === name));
  return Object.fromEntries(entries) as Partial<T>;
}
