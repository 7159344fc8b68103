import { TunesmithError } from '../core/errors';
import { parseArguments } from './arguments';
import { chatCommand } from './chat';
import type { Command } from './command';
import { evalCommand } from './eval';
import { commandHelp, overview } from './help';
import { inspectCommand } from './inspect';
import { logitsCommand } from './logits';
import { modelsCommand } from './models';
import { createOutput } from './output';
import { previewCommand } from './preview';
import { searchCommand } from './search';
import { trainCommand } from './train';

const commands: readonly Command[] = [
  trainCommand,
  evalCommand,
  chatCommand,
  logitsCommand,
  inspectCommand,
  previewCommand,
  searchCommand,
  modelsCommand,
];

/** What a person can't be blamed for; everything else that is told to them is a wrong setting, file or value. */
const FAILURES = new Set([
  'webgpu_missing',
  'adapter_missing',
  'device_lost',
  'gpu_error',
  'gpu_out_of_memory',
  'loss_not_finite',
  'storage_full',
  'endpoint_unreachable',
  'download_failed',
  'download_changed',
  'download_wrong_hash',
  'checkpoint_not_saved',
]);

/** Exit code: 0; 1 for a failure; 2 for a wrong setting, file or value; 130 where it was stopped. */
async function main([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(`${overview(commands)}\n`);
    return name === undefined ? 2 : 0;
  }
  try {
    const command = commands.find((each) => each.name === name);
    if (!command) {
      throw new TunesmithError({
        code: 'command_unknown',
        message: `There is no command ${name}.`,
        hint: `The commands are ${commands.map((each) => each.name).join(', ')}.`,
      });
    }
    const args = parseArguments(command, rest);
    if (args.flag('help')) process.stdout.write(`${commandHelp(command)}\n`);
    else await command.run(args, createOutput(args.flag('json')));
    return 0;
  } catch (error) {
    if (!(error instanceof TunesmithError)) {
      process.stderr.write(`tunesmith: ${error instanceof Error ? error.message : String(error)}\n`);
      return 1;
    }
    const { code, message, hint } = error;
    process.stderr.write(
      `tunesmith: ${[message, hint]
        .join(' ')
        .trim()
        .replace(/\s*\n\s*/g, ' ')}\n`,
    );
    if (code === 'stopped') return 130;
    return FAILURES.has(code) ? 1 : 2;
  }
}

// Whoever reads the output may have had enough of it (`| head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
