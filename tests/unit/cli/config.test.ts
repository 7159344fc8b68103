import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseArguments, type Arguments } from '../../../src/cli/arguments';
import type { Command } from '../../../src/cli/command';
import { withConfig } from '../../../src/cli/config';
import { createOutput } from '../../../src/cli/output';
import { told } from '../told';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'config-'));
});

afterEach(async () => await rm(folder, { recursive: true }));

/** The values that a command receives from its command line. */
async function run(
  line: string,
  spec: Partial<Command> = {},
): Promise<Pick<Arguments, 'settings' | 'answers'>> {
  let got: Arguments | undefined;
  const command = withConfig({
    name: 'train',
    summary: '',
    options: {},
    settings: ['r', 'seed', 'shuffle'],
    ...spec,
    run: (args) => Promise.resolve(void (got = args)),
  });
  await command.run(parseArguments(command, line.split(' ')), createOutput(false));
  return { settings: got?.settings ?? {}, answers: got?.answers ?? {} };
}

async function file(text: string): Promise<string> {
  const path = join(folder, 'settings.yaml');
  await writeFile(path, text);
  return path;
}

it('takes the settings of a file, and those that are typed before them', async () => {
  const path = await file('r: 4\nshuffle: false\n');
  expect((await run(`--config ${path} --r 8`)).settings).toEqual({ r: 8, shuffle: false });
  expect((await run('--r 8')).settings).toEqual({ r: 8 });
});

it('passes over what the command does not take', async () => {
  const path = await file('r: 4\nmax_steps: 3\nseed: 1\nanswers:\n  seed: 2\n  top_k: 5\n');
  expect(await run(`--config ${path}`)).toEqual({ settings: { r: 4, seed: 1 }, answers: {} });
  const chat = { settings: [], answers: ['seed', 'top_k'] } as const;
  expect(await run(`--config ${path} --top_k 9`, chat)).toEqual({
    settings: {},
    answers: { seed: 2, top_k: 9 },
  });
});

it('refuses a wrong value of any setting, and a file that is not there', async () => {
  const path = await file('r: 4\nmax_steps: many\n');
  const refused = await run(`--config ${path}`).catch(told);
  expect(refused).toMatchObject({ code: 'settings_file_invalid' });
  expect(refused).toHaveProperty('message', expect.stringContaining('Line 2: max_steps must be'));
  const missing = await run(`--config ${join(folder, 'none.yaml')}`).catch(told);
  expect(missing).toMatchObject({ code: 'settings_file_unreadable' });
});

it('is no option of a command without settings', () => {
  const command: Command = {
    name: 'runs',
    summary: '',
    options: {},
    settings: [],
    run: () => Promise.resolve(),
  };
  expect(withConfig(command)).toBe(command);
});
