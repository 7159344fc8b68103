import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseArguments } from '../../../src/cli/arguments';
import { createOutput } from '../../../src/cli/output';
import { runsCommand } from '../../../src/cli/runs';
import { memoryFile } from '../../../src/core/file_reader';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { fileRuns } from '../../../src/storage/file_runs';
import { nodeFiles } from '../../../src/storage/node_files';
import { RunStore, type StoredRun } from '../../../src/storage/runs';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'tunesmith-runs-'));
});
afterEach(() => rm(root, { recursive: true }));

async function addRun(folder: string): Promise<StoredRun> {
  const runs = new RunStore(fileRuns(nodeFiles(join(root, folder))));
  const run = await runs.create({
    modelName: 'a/b',
    modelSource: 'hub',
    modelCommit: 'c0ffee',
    settings: { ...DEFAULTS, r: 4 },
    steps: 8,
    data: [memoryFile('rows.jsonl', new Uint8Array(10))],
  });
  const history = [{ event: 'eval' as const, step: 3, eval_loss: 2, perplexity: 7 }];
  return await runs.update(run, { state: 'stopped', checkpointStep: 3, history });
}

let notes = '';

async function told(...more: string[]): Promise<Record<string, unknown>[]> {
  let out = '';
  notes = '';
  const args = parseArguments(runsCommand, ['--output_dir', root, '--json', ...more]);
  const streams = {
    out: { write: (text: string) => (out += text) },
    error: { write: (text: string) => (notes += text) },
  };
  await runsCommand.run(args, createOutput(true, streams));
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('the command for runs', () => {
  it('lists those of a folder and of the folders in it', async () => {
    const [own, inner] = [await addRun('.'), await addRun('inner')];
    expect(await told()).toMatchObject([
      { id: own.id, output_dir: root, state: 'stopped', step: 3, steps: 8, model: 'a/b' },
      { id: inner.id, output_dir: join(root, 'inner') },
    ]);
  });

  it('gives one tags and notes; what is not given stays', async () => {
    const { id } = await addRun('.');
    await told('--annotate', id, '--tags', 'small, pirate', '--notes', 'Too short.');
    expect(await told()).toMatchObject([{ tags: ['small', 'pirate'], notes: 'Too short.' }]);
    await told('--annotate', id, '--tags', 'none');
    expect(await told('--show', id)).toMatchObject([{ notes: 'Too short.' }]);
    expect((await told())[0]).not.toHaveProperty('tags');
  });

  it('writes the curves of one beside its checkpoints', async () => {
    const run = await addRun('inner');
    const [{ logs } = {}] = await told('--write_logs', run.id);
    expect(logs).toBe(join(root, 'inner', 'runs', run.id, 'logs'));
    expect(await readFile(join(String(logs), 'metrics.csv'), 'utf8')).toContain('\r\n3,,,2,7\r\n');
    expect(await readdir(String(logs))).toHaveLength(4);
  });

  it('names the folders of runs whose records can’t be read', async () => {
    const { id } = await addRun('.');
    await nodeFiles(root).write('runs/torn/run.json', new TextEncoder().encode('{"id": "to'));
    expect(await told()).toMatchObject([{ id }]);
    expect(notes).toContain(`${join(root, 'runs', 'torn')} can’t be read`);
    expect(notes).not.toContain('There are no runs.');
  });

  it('shows one with its settings and losses', async () => {
    const { id } = await addRun('inner');
    const [shown] = await told('--show', id);
    expect(shown).toMatchObject({ id, commit: 'c0ffee', data: ['rows.jsonl'], settings: { r: 4 } });
    expect(shown!.losses).toEqual([{ step: 3, eval_loss: 2 }]);
  });

  it('removes one by the first letters of its id, if they are enough', async () => {
    const [first, second] = [await addRun('.'), await addRun('inner')];
    await expect(told('--remove', '2')).rejects.toMatchObject({ code: 'run_id_unknown' });
    await expect(told('--remove', 'x')).rejects.toMatchObject({ code: 'run_id_unknown' });
    expect(await told('--remove', first.id)).toMatchObject([{ removed: first.id }]);
    expect((await told()).map(({ id }) => id)).toEqual([second.id]);
  });

  it('renames one, and takes its name away', async () => {
    const { id } = await addRun('inner');
    expect(await told('--rename', id, '--name', 'My first run')).toMatchObject([
      { renamed: id, name: 'My first run' },
    ]);
    expect(await told()).toMatchObject([{ id, name: 'My first run' }]);
    expect(await told('--show', id)).toMatchObject([{ name: 'My first run', settings: { r: 4 } }]);
    await told('--rename', id);
    expect((await told())[0]).not.toHaveProperty('name');
  });

  it('says so if the folder is not there', async () => {
    const args = parseArguments(runsCommand, ['--output_dir', join(root, 'none')]);
    await expect(runsCommand.run(args, createOutput(false))).rejects.toMatchObject({
      code: 'folder_missing',
    });
  });
});
