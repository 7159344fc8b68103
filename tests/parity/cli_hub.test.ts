import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readTensors } from '../../src/formats/safetensors';
import { faultOf } from '../hub/faults';
import { SAILORS } from '../hub/dataset';
import { startHub, type RunningHub } from '../hub/server';
import { tunesmith, type Finished } from './cli_process';
import { loadFixture } from './fixtures';

/** From a name on a hub to an adapter on the disk, through the command line. */

const format = (name: string): string => fileURLToPath(new URL(`fixtures/formats/${name}`, import.meta.url));
const folders: Readonly<Record<string, string>> = {
  'tiny/qwen3': loadFixture('qwen3').folder,
  'tiny/shards': format('shards'),
  'tiny/bnb': format('bnb_nf4_double'),
  'tiny/gptq': format('gptq'),
  'tiny/gguf': format('gguf_qwen2'),
};

let hub: RunningHub;
let folder: string;
let rows: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tunesmith-cli-hub-'));
  rows = at('rows.jsonl');
  await writeFile(rows, '{"text":"The fish is in the sea."}\n{"text":"The bird is in the nest."}\n');
  const models = Object.entries(folders).map(([repo, files]) => ({ repo, files, license: 'mit' }));
  hub = await startHub({ models: [...models, SAILORS], writers: { hf_writer: ['anna'] } });
});
afterAll(async () => {
  await hub.close();
  await rm(folder, { recursive: true });
});

/** Whether a part of some weights lies in the cache. */
function hasArrived(): boolean {
  const folder = at('cache/downloads');
  if (!existsSync(folder)) return false;
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) => {
    const file = join(folder, name);
    return !name.endsWith('.json') && statSync(file).isFile() && statSync(file).size > 0;
  });
}
const place = (): string[] => ['--endpoint', hub.url, '--cache_dir', at('cache')];

async function succeeds(...args: string[]): Promise<Finished> {
  const where = place().slice(args[0] === 'models' ? 2 : 0, args[0] === 'data' ? 2 : 4);
  const result = await tunesmith([...args, ...where, '--json']);
  expect(result.error).toBe('');
  expect(result.code).toBe(0);
  return result;
}

describe('an upload', () => {
  it('creates a repository with a folder’s files, and says why another one is impossible', async () => {
    const upload = (repo: string, ...more: string[]): Promise<Finished> =>
      tunesmith([
        ...['upload', '--input', folders['tiny/shards']!, '--hub_model_id', repo],
        ...['--endpoint', hub.url, '--json', ...more],
      ]);
    const { code, events } = await upload('anna/shards', '--token', 'hf_writer');
    expect(code).toBe(0);
    expect(events.at(-1)).toMatchObject({ address: `${hub.url}/anna/shards` });
    const uploaded = Object.keys(hub.filesOf('anna/shards')!);
    expect(uploaded).toEqual(expect.arrayContaining(['config.json', 'adapter/adapter_config.json']));
    expect(hub.visibilityOf('anna/shards')).toBe('private');
    const again = await upload('anna/shards', '--token', 'hf_writer');
    expect(again).toMatchObject({ code: 2, error: expect.stringContaining('already') as string });
    expect(await upload('anna/shards', '--token', 'hf_writer', '--update')).toMatchObject({ code: 0 });
    expect(await upload('anna/other')).toMatchObject({ code: 2 });
  });
});

it('reads rows of a data set of a hub', async () => {
  const output = at('sailors.jsonl');
  const { events } = await succeeds('data', '--data', `hub:${SAILORS.repo}[2:4]`, '--output', output);
  expect(events).toMatchObject([{ rows: 2 }]);
  expect(await readFile(output, 'utf8')).toMatch(/sailor 2 .*\n.*sailor 3 .*\n$/);
  const told = await succeeds('data', '--data', `hub:${SAILORS.repo}`, '--info');
  const splits = [
    { name: 'train', files: 2, rows: 2000 },
    { name: 'test', files: 1 },
  ];
  expect(told.events).toMatchObject([{ license: 'cc-by-4.0', configs: [{ name: 'default', splits }] }]);
});

describe('a model of a hub', () => {
  it.each(['tiny/shards', 'tiny/bnb', 'tiny/gptq', 'tiny/gguf'])(
    '%s is trained by its name',
    async (repo) => {
      const output = at(repo.replace('/', '-'));
      const settings = '--max_steps 1 --r 2 --eval_split 0 --train_on all --template alpaca'.split(' ');
      await succeeds('train', '--model', repo, '--data', rows, '--output_dir', output, ...settings);
      const { tensors } = readTensors(await readFile(join(output, 'adapter_model.safetensors')));
      expect(tensors.size).toBeGreaterThan(0);
      // PEFT finds the base by this, at the commit that was trained on.
      const config = JSON.parse(await readFile(join(output, 'adapter_config.json'), 'utf8')) as object;
      const revision = expect.stringMatching(/^[0-9a-f]{40}$/) as string;
      expect(config).toMatchObject({ base_model_name_or_path: repo, revision });
    },
  );

  it('is fetched again for PiSSA, which begins as on the same files from the disk', async () => {
    const train = (model: string, output: string): string[] => [
      ...['train', '--model', model, '--data', rows, '--output_dir', at(output)],
      ...'--max_steps 1 --r 2 --eval_split 0 --train_on all --template alpaca --target_modules q_proj --init_lora_weights pissa'.split(
        ' ',
      ),
    ];
    await succeeds(...train('tiny/qwen3', 'pissa-hub'));
    await succeeds(...train(folders['tiny/qwen3']!, 'pissa-disk'));
    const starts = await Promise.all(
      ['pissa-hub', 'pissa-disk'].map(async (name) => {
        const { tensors } = readTensors(await readFile(join(at(name), 'adapter_model.safetensors')));
        // The second half of A and of B is the pair that was subtracted from the weight.
        return [...tensors].map(([key, { shape, data }]) => {
          const half = data.length / 2;
          return [key, shape, key.includes('lora_A') ? data.subarray(half) : undefined];
        });
      }),
    );
    expect(starts[0]!.length).toBeGreaterThan(2);
    expect(starts[0]).toEqual(starts[1]);
    const { events } = await succeeds('models');
    const kept = events.filter(({ name }) => name === 'tiny/qwen3');
    expect(kept).toMatchObject([{ partial: false }]);
    await succeeds('models', '--remove', String(kept[0]!.id));
  });

  it('is opened the second time without the network', async () => {
    hub.offline = true;
    const file = at('logits.safetensors');
    await succeeds('logits', '--model', 'tiny/shards', '--input_ids', '1,2,3', '--output', file);
    hub.offline = false;
    expect(readTensors(await readFile(file)).tensors.get('logits')?.shape[0]).toBe(3);
  });

  it('is told of before it is fetched, found by a search, listed, and removed', async () => {
    const preview = await succeeds('preview', '--model', 'tiny/qwen3', '--max_seq_length', '512');
    expect(preview.events[0]).toMatchObject({
      family: 'Qwen3',
      license: 'mit',
      alreadyStored: false,
      fits: true,
    });
    const search = await succeeds('search', 'qwen3');
    expect(search.events).toMatchObject([{ repo: 'tiny/qwen3', fits: 'yes' }]);
    const { events } = await succeeds('models');
    expect(events.map(({ name }) => name).sort()).toEqual([
      'tiny/bnb',
      'tiny/gguf',
      'tiny/gptq',
      'tiny/shards',
    ]);
    for (const { id } of events) await succeeds('models', '--remove', String(id));
    expect((await tunesmith(['models', '--cache_dir', at('cache')])).error).toBe('No models are saved.\n');
  });

  it('is inspected in every stored format, once it lies on the disk', async () => {
    const paths = [...Object.values(folders).slice(0, -1), join(format('gguf_qwen2'), 'model.gguf')];
    for (const path of paths) {
      const { code, error, events } = await tunesmith(['inspect', '--model', path, '--json']);
      expect([error, code]).toEqual(['', 0]);
      expect(events[0]).toMatchObject({ spec: { family: expect.any(String) as string } });
      expect((events[0] as { memory: { base: number } }).memory.base).toBeGreaterThan(0);
    }
    const { error } = await tunesmith(['inspect', '--model', 'tiny/qwen3']);
    expect(error).toContain('tunesmith preview --model tiny/qwen3');
  });

  it('keeps what has arrived when it is stopped', async () => {
    hub.faults = faultOf('stall', 'model.safetensors', Infinity);
    hub.requests.length = 0;
    const args = ['chat', '--model', 'tiny/qwen3', '--prompt', 'x', ...place()];
    const stopped = await tunesmith(args, undefined, (kill) => {
      const timer = setInterval(() => {
        if (!hasArrived()) return;
        clearInterval(timer);
        kill('SIGINT');
      }, 50);
    });
    hub.faults = undefined;
    expect(stopped.error).toContain('the same command resumes from there');
    expect(stopped.code).toBe(130);
    const { events } = await succeeds('models');
    expect(events).toMatchObject([{ name: 'tiny/qwen3', partial: true }]);
    expect(Number(events[0]!.bytes)).toBeGreaterThan(0);
  });

  it('is refused by name where there is none', async () => {
    const { code, error } = await tunesmith(['preview', '--model', 'tiny/nothing', ...place()]);
    expect(error).toContain('tiny/nothing');
    expect(code).toBe(2);
  });
});
