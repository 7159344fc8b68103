import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseArguments } from '../../../src/cli/arguments';
import { MODEL_OPTIONS, hubOf, modelOrigin, type Environment } from '../../../src/cli/library';

const parse = (...argv: string[]) =>
  parseArguments({ name: 'chat', options: MODEL_OPTIONS, settings: [] }, argv);

describe('the hub of a command', () => {
  const hub = (argv: string[], environment: Environment = {}, address?: string) =>
    hubOf(parse('--model', 'a/b', ...argv), address, environment);
  const own = 'https://huggingface.co';

  it('is what was typed, else what the environment says, else Hugging Face', () => {
    expect(hub([])).toEqual({ endpoint: own });
    expect(hub([], { HF_ENDPOINT: 'https://hf-mirror.com' }).endpoint).toBe('https://hf-mirror.com');
    expect(hub(['--endpoint', 'https://a.example'], { HF_ENDPOINT: 'https://b.example' }).endpoint).toBe(
      'https://a.example',
    );
    expect(hub([], {}, 'https://www.modelscope.cn').endpoint).toBe('https://www.modelscope.cn');
  });

  it("gets the environment's token only where that is meant for it", () => {
    const environment = { HF_TOKEN: 'hf_own' };
    expect(hub([], environment).token).toBe('hf_own');
    expect(hub(['--endpoint', `${own}/`], environment).token).toBe('hf_own');
    expect(hub([], { ...environment, HF_ENDPOINT: 'https://m.example' }).token).toBe('hf_own');
    expect(hub(['--endpoint', 'https://m.example'], environment).token).toBeUndefined();
    expect(hub([], environment, 'https://m.example').token).toBeUndefined();
    expect(hub(['--endpoint', 'https://m.example', '--token', 't'], environment).token).toBe('t');
  });
});

describe('what --model names', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'tunesmith-model-'));
    await mkdir(join(folder, 'mine'));
    await writeFile(join(folder, 'mine', 'config.json'), '{}');
    await writeFile(join(folder, 'one.gguf'), 'GGUF');
  });
  afterAll(() => rm(folder, { recursive: true }));

  it('is a folder or a file on the disk', async () => {
    const path = join(folder, 'mine');
    const origin = await modelOrigin(parse('--model', `${path}/`));
    expect(origin).toMatchObject({ kind: 'folder', identity: { name: path, source: 'files' } });
    const file = await modelOrigin(parse('--model', join(folder, 'one.gguf')));
    expect(file.kind === 'folder' && [...file.folder.keys()]).toEqual(['one.gguf']);
  });

  it('is a model of a hub where nothing on the disk has its name', async () => {
    expect(await modelOrigin(parse('--model', 'a/b', '--revision', 'v1'))).toEqual({
      kind: 'hub',
      reference: { repo: 'a/b', revision: 'v1' },
    });
    expect(await modelOrigin(parse('--model', 'https://hf-mirror.com/a/b'))).toMatchObject({
      reference: { repo: 'a/b', endpoint: 'https://hf-mirror.com' },
    });
  });

  it('is missed where it is neither', async () => {
    for (const path of [join(folder, 'none'), './a/b', '../b', 'nothing']) {
      await expect(modelOrigin(parse('--model', path))).rejects.toMatchObject({ code: 'folder_missing' });
    }
    const dataset = modelOrigin(parse('--model', 'https://huggingface.co/datasets/a/b'));
    await expect(dataset).rejects.toMatchObject({ code: 'model_reference' });
    const revision = modelOrigin(parse('--model', join(folder, 'mine'), '--revision', 'v1'));
    await expect(revision).rejects.toThrow('--revision');
  });
});
