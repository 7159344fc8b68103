import { classOf } from '../core/error_codes';
import { describeError, TunesmithError, type ErrorClass } from '../core/errors';
import { parseArguments } from './arguments';
import { chatCommand } from './chat';
import type { Command } from './command';
import { withConfig } from './config';
import { dataCommand } from './data';
import { evalCommand } from './eval';
import { exportCommand } from './export';
import { findRateCommand } from './find_rate';
import { commandHelp, overview } from './help';
import { inspectCommand } from './inspect';
import { sayError } from './language';
import { logitsCommand } from './logits';
import { mixCommand } from './mix';
import { modelsCommand } from './models';
import { createOutput } from './output';
import { previewCommand } from './preview';
import { reduceCommand } from './reduce';
import { runsCommand } from './runs';
import { searchCommand } from './search';
import { stoppedExitCode } from './signals';
import { trainCommand } from './train';
import { uploadCommand } from './upload';
import { writeCommand } from './write';

const commands: readonly Command[] = [
  trainCommand,
  findRateCommand,
  evalCommand,
  chatCommand,
  exportCommand,
  reduceCommand,
  mixCommand,
  uploadCommand,
  logitsCommand,
  inspectCommand,
  previewCommand,
  dataCommand,
  writeCommand,
  searchCommand,
  modelsCommand,
  runsCommand,
].map(withConfig);

/** 1: a failure; 2: a wrong setting, file or value; undefined: a signal stopped the program, which has its own code. */
const EXIT_CODES: Readonly<Record<ErrorClass, number | undefined>> = {
  access: 2,
  busy: 1,
  damaged: 2,
  device: 1,
  fit: 2,
  full: 1,
  gone: 1,
  input: 2,
  internal: 1,
  network: 1,
  numbers: 1,
  originals: 2,
  refetch: 1,
  stopped: undefined,
  storage: 1,
  token: 2,
};

/** Returns the exit code: 0, or that of the error's class. */
async function main([name, ...rest]: readonly string[]): Promise<number> {
  if (name === undefined || name === 'help' || name === '--help' || name === '-h') {
    process.stdout.write(`${overview(commands)}\n`);
    return name === undefined ? 2 : 0;
  }
  try {
    const command = commands.find((each) => each.name === name);
    if (!command) {
      const names = commands.map((each) => each.name);
      throw new TunesmithError({ code: 'command_unknown', values: { name, names } });
    }
    const args = parseArguments(command, rest);
    if (args.flag('help')) process.stdout.write(`${commandHelp(command)}\n`);
    else await command.run(args, createOutput(args.flag('json')));
    return 0;
  } catch (error) {
    const described = describeError(error);
    const { message, hint = '' } = sayError(described);
    process.stderr.write(
      `tunesmith: ${[message, hint]
        .join(' ')
        .trim()
        .replace(/\s*\n\s*/g, ' ')}\n`,
    );
    return EXIT_CODES[classOf(described.code)] ?? stoppedExitCode();
  }
}

// The program that reads the output may stop early (`| head`).
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(0);
  // The terminal was closed; SIGHUP stops the work.
  if (error.code === 'EIO') return;
  throw error;
});

process.exitCode = await main(process.argv.slice(2));
