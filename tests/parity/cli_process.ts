import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { ensureBuilt } from '../../tools/lib/build.mjs';

export interface Finished {
  readonly code: number | null;
  readonly out: string;
  readonly error: string;
  /** The objects on standard output. */
  readonly events: readonly Readonly<Record<string, unknown>>[];
}

/** Commands whose numbers depend on the kernels: tests are to see the same ones on every machine. */
const COMPUTING = ['train', 'eval', 'chat', 'logits', 'mix'];

function untuned(args: readonly string[]): readonly string[] {
  return COMPUTING.includes(args[0] ?? '') ? [...args, '--no-tune'] : args;
}

type Kill = (signal: NodeJS.Signals) => void;

let program: Promise<string> | undefined;

/**
 * Runs the built command line as a process of its own, with the Vulkan driver that the test's process has.
 *
 * @param onLine called with each line of standard output, and with what ends the process
 * @param onStart called with what ends the process, as soon as it runs
 */
export async function tunesmith(
  args: readonly string[],
  onLine: (line: string, kill: Kill) => void = () => undefined,
  onStart: (kill: Kill) => void = () => undefined,
  environment: NodeJS.ProcessEnv = {},
): Promise<Finished> {
  program ??= ensureBuilt('cli', () => undefined);
  return await finished([await program, ...untuned(args)], onLine, onStart, environment);
}

/** The same through the command that people type, which looks for a driver itself. */
export async function npmTunesmith(args: readonly string[]): Promise<Finished> {
  const tool = fileURLToPath(new URL('../../tools/tunesmith.mjs', import.meta.url));
  return await finished([tool, ...untuned(args)], () => undefined);
}

async function finished(
  args: readonly string[],
  onLine: (line: string, kill: Kill) => void,
  onStart: (kill: Kill) => void = () => undefined,
  environment: NodeJS.ProcessEnv = {},
): Promise<Finished> {
  const child = spawn(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, LC_ALL: 'C', ...environment },
  });
  onStart((signal) => child.kill(signal));
  let out = '';
  let error = '';
  let seen = 0;
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
    for (let end = out.indexOf('\n', seen); end >= 0; end = out.indexOf('\n', seen)) {
      onLine(out.slice(seen, end), (signal) => child.kill(signal));
      seen = end + 1;
    }
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => (error += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  const events = out
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { code, out, error, events };
}
