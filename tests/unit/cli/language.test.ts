import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { TunesmithError } from '../../../src/core/errors';

/** The command line's parts, loaded anew as a process with this LANG loads them. */
async function spokenIn(lang: string) {
  vi.resetModules();
  for (const name of ['LC_ALL', 'LC_MESSAGES']) vi.stubEnv(name, '');
  vi.stubEnv('LANG', lang);
  const [{ parseArguments }, { commandHelp, overview }, { createOutput }, { runsCommand }, { sayError }] =
    await Promise.all([
      import('../../../src/cli/arguments'),
      import('../../../src/cli/help'),
      import('../../../src/cli/output'),
      import('../../../src/cli/runs'),
      import('../../../src/cli/language'),
    ]);
  return { parseArguments, commandHelp, overview, createOutput, runsCommand, sayError };
}

type Spoken = Awaited<ReturnType<typeof spokenIn>>;

function refused({ parseArguments, runsCommand, sayError }: Spoken): string {
  try {
    parseArguments(runsCommand, ['--output_dri', 'x']);
  } catch (error) {
    const { message, hint } = sayError(error as TunesmithError);
    return `${message} ${hint}`;
  }
  throw new Error('nothing was refused');
}

async function noted({ parseArguments, runsCommand, createOutput }: Spoken, folder: string): Promise<string> {
  let notes = '';
  const error = { write: (text: string) => (notes += text) };
  const output = createOutput(false, { out: { write: () => undefined }, error });
  await runsCommand.run(parseArguments(runsCommand, ['--output_dir', folder]), output);
  return notes;
}

describe('the command line', () => {
  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tunesmith-'));
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await rm(folder, { recursive: true });
  });

  it('speaks Chinese in a Chinese terminal, with the same names of options', async () => {
    const spoken = await spokenIn('zh_CN.UTF-8');
    const help = spoken.commandHelp(spoken.runsCommand);
    expect(help).toContain('用法：tunesmith runs --output_dir DIR [选项]');
    expect(help).toContain('  --show ID         要查看设置和损失的训练任务');
    expect(spoken.overview([spoken.runsCommand])).toContain('  runs  列出');
    expect(refused(spoken)).toBe('runs 没有选项 --output_dri。 是否指 --output_dir？');
    expect(await noted(spoken, folder)).toBe('没有训练任务。\n');
  });

  it('speaks English in any other', async () => {
    const spoken = await spokenIn('C');
    expect(spoken.commandHelp(spoken.runsCommand)).toContain('Usage: tunesmith runs --output_dir DIR');
    expect(refused(spoken)).toBe('runs has no option --output_dri. Did you mean --output_dir?');
    expect(await noted(spoken, folder)).toBe('There are no runs.\n');
  });
});

it('columns stay straight beside characters that take two of them', async () => {
  const { columns } = await import('../../../src/cli/columns');
  expect(
    columns([
      ['下载', '1'],
      ['memory', '2'],
      ['许可证', '3'],
    ]),
  ).toEqual(['下载    1', 'memory  2', '许可证  3']);
});
