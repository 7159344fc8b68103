import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFolder } from '../../src/cli/files';
import { readParameter } from '../../src/models/adapters/layout';
import { namedTensors, readAdapterFiles, type ReadAdapter } from '../../src/models/adapter_files';
import { readSpec } from '../../src/models/config';
import { tunesmith } from './cli_process';
import { loadFixture, maxError, numberTolerance } from './fixtures';

/** TRL's results from the script that an export has; see make_cluster.py. */
interface Expected {
  readonly hashes: Readonly<Record<string, string>>;
  readonly loss: readonly number[];
  readonly grad_norm: readonly number[];
  readonly learning_rate: readonly number[];
  readonly eval_loss: readonly number[];
}

const llama = loadFixture('llama');
const fixture = fileURLToPath(new URL('fixtures/cluster/', import.meta.url));
const rows = join(fixture, 'rows.jsonl');
const config = join(fixture, 'settings.yaml');
// The script has the base's name as it was typed.
const model = relative(process.cwd(), llama.folder);

/**
 * TRL computes in float32 too. It errs by about `torch_error`, of which a tolerance is `tolerance_factor` times; both
 * errors together may separate it from this program.
 */
const BOTH = 1 + 1 / llama.expected.tolerance_factor;

let folder: string;
let expected: Expected;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tunesmith-cluster-'));
  expected = JSON.parse(await readFile(join(fixture, 'expected.json'), 'utf8')) as Expected;
});
afterAll(() => rm(folder, { recursive: true }));

async function succeeds(...args: readonly string[]): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { code, error, events } = await tunesmith([...args, '--json']);
  expect(code, error).toBe(0);
  return events;
}

async function adapterIn(path: string): Promise<ReadAdapter> {
  const json = JSON.parse(await readFile(join(llama.folder, 'config.json'), 'utf8')) as unknown;
  return await readAdapterFiles(await openFolder(path, 'adapter'), readSpec(json));
}

describe('an export for a cluster', () => {
  it('is the one that the stored results were computed with, and has the settings', async () => {
    const files = ['--model', model, '--adapter', llama.adapterFolder, '--data', rows, '--config', config];
    const format = ['--format', 'cluster', '--start_from', 'adapter', '--output', at('cluster')];
    const [written] = await succeeds('export', ...files, ...format);
    expect(written).toMatchObject({ format: 'cluster', difference: 0, notes: [] });
    const hashes = await Promise.all(
      Object.keys(expected.hashes).map(async (name) => {
        const bytes = await readFile(at(`cluster/${name}`));
        return [name, createHash('sha256').update(bytes).digest('hex')];
      }),
    );
    expect(Object.fromEntries(hashes), 'run make_cluster.py').toEqual(expected.hashes);
  });

  it('gives the losses with TRL that training gives here, and the same adapter', async () => {
    const files = ['--model', model, '--init_adapter', llama.adapterFolder, '--data', rows];
    const settings = ['--config', at('cluster/settings.yaml'), '--output_dir', at('trained')];
    const events = await succeeds('train', ...files, ...settings);
    const numbersOf = (event: string, name: string): readonly number[] =>
      events.flatMap((each) => (each['event'] === event ? Number(each[name]) : []));
    const losses = BOTH * numberTolerance(llama.expected, 'losses');
    expect(maxError(numbersOf('step', 'loss'), expected.loss)).toBeLessThanOrEqual(losses);
    expect(maxError(numbersOf('eval', 'eval_loss'), expected.eval_loss)).toBeLessThanOrEqual(losses);
    expect(maxError(numbersOf('step', 'grad_norm'), expected.grad_norm)).toBeLessThanOrEqual(
      BOTH * numberTolerance(llama.expected, 'grad_norms'),
    );
    expect(maxError(numbersOf('step', 'learning_rate'), expected.learning_rate)).toBeLessThanOrEqual(1e-12);

    const [theirs, ours] = [await adapterIn(join(fixture, 'adapter')), await adapterIn(at('trained'))];
    const others = new Map(namedTensors(ours.layout).map(({ name, tensor }) => [name, tensor]));
    for (const { name, tensor } of namedTensors(theirs.layout)) {
      const own = readParameter(ours.parameters, others.get(name)!);
      const error = maxError(own, readParameter(theirs.parameters, tensor));
      expect(error, name).toBeLessThanOrEqual(BOTH * llama.tolerance('f32', `trained.${name}`));
    }
  });
});
