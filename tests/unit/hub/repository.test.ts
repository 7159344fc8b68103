import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { describeError } from '../../../src/core/errors';
import { downloadModel } from '../../../src/hub/download';
import { fetchSmallFile, fileAddress, listRepository } from '../../../src/hub/repository';
import { searchModels } from '../../../src/hub/search';
import { faultOf } from '../../hub/faults';
import { startHub, type RunningHub } from '../../hub/server';
import { MemoryFiles } from '../storage/memory_files';
import { hubAt, smallModel } from './world';
import { told } from '../told';

const repo = 'maker/model';
const gated = 'maker/gated';
const token = 'a-secret-of-mine';
const files = smallModel();
const configured = (config: object) => ({
  'config.json': JSON.stringify(config),
  'model.safetensors': 'abcdef',
});

let server: RunningHub;
beforeAll(async () => {
  const qwen = { architectures: ['Qwen2ForCausalLM'], model_type: 'qwen2' };
  const quantized = (quantization_config: object) => configured({ ...qwen, quantization_config });
  server = await startHub({
    models: [
      { repo, files, license: 'apache-2.0' },
      { repo: gated, files, token },
      { repo: 'a/qwen', files: configured(qwen), downloads: 5, likes: 2, license: 'mit' },
      {
        repo: 'a/qwen-4bit',
        files: quantized({ quant_method: 'bitsandbytes', load_in_4bit: true }),
        downloads: 9,
      },
      { repo: 'a/qwen-8bit', files: quantized({ quant_method: 'bitsandbytes', load_in_8bit: true }) },
      { repo: 'a/qwen-fp8', files: quantized({ quant_method: 'fp8' }) },
      { repo: 'a/qwen-gptq', files: quantized({ quant_method: 'gptq', bits: 4 }), token, downloads: 1 },
      {
        repo: 'a/qwen-gguf',
        files: { 'q4_k_m.gguf': 'abcdef' },
        gguf: { architecture: 'qwen2', total: 12 },
        downloads: 7,
      },
      {
        repo: 'a/qwen-clip-gguf',
        files: { 'x.gguf': 'abcdef' },
        gguf: { architecture: 'clip', total: 12 },
      },
      {
        repo: 'a/gemma-3-4b-it',
        files: configured({ architectures: ['Gemma3ForConditionalGeneration'], model_type: 'gemma3' }),
        task: 'image-text-to-text',
        downloads: 8,
      },
      {
        repo: 'a/gemma-3-4b-it-gguf',
        files: { 'q4_k_m.gguf': 'abcdef' },
        gguf: { architecture: 'gemma3', total: 12 },
        task: 'image-text-to-text',
      },
      {
        repo: 'a/gemma-pali',
        files: configured({ architectures: ['PaliGemmaForConditionalGeneration'] }),
        task: 'image-text-to-text',
      },
      { repo: 'a/qwen-bert', files: configured({ architectures: ['BertModel'] }), downloads: 99 },
    ],
    pageSize: 3,
  });
});
afterEach(() => {
  server.faults = undefined;
  server.requests.length = 0;
});
afterAll(() => server.close());

/** Answers as ModelScope what the local server says. */
const modelScope = () =>
  hubAt('https://www.modelscope.cn', {
    fetch: (input, init) => fetch((input as string).replace('https://www.modelscope.cn', server.url), init),
  });

describe('listRepository', () => {
  it('lists all pages at one commit, with sizes and hashes, from the endpoint alone', async () => {
    const {
      commit,
      license,
      gated: isGated,
      files: listed,
      endpoint,
    } = await listRepository(hubAt(`${server.url}/`), repo);
    expect(endpoint).toBe(server.url);
    expect(commit).toMatch(/^[0-9a-f]{40}$/);
    expect(license).toBe('apache-2.0');
    expect(isGated).toBe(false);
    expect(listed.map(({ path }) => path)).toEqual(Object.keys(files));
    const byPath = new Map(listed.map((file) => [file.path, file]));
    expect(byPath.get('tokenizer.json')).toMatchObject({ size: 3000, sha256: expect.any(String) as string });
    expect(byPath.get('empty.txt')).toMatchObject({
      size: 0,
      // The id that git has for an empty file.
      gitId: 'e69de29bb2d1d6434b8b29ae775ad8c2e48c5391',
    });
    // The links to further pages name the Hub's own address; the mirror is asked.
    expect(server.requests.filter(({ url }) => url.includes(`/tree/${commit}`))).toHaveLength(3);
  });

  it('lists ModelScope, and fetches from its addresses', async () => {
    const hub = modelScope();
    const repository = await listRepository(hub, repo);
    expect(repository.files.every(({ sha256 }) => sha256?.length === 64)).toBe(true);
    const config = repository.files.find(({ path }) => path === 'config.json')!;
    expect(fileAddress(repository, config)).toBe(
      `https://www.modelscope.cn/api/v1/models/${repo}/repo?Revision=${repository.commit}&FilePath=config.json`,
    );
    expect(
      JSON.parse(new TextDecoder().decode(await fetchSmallFile(hub, repository, 'config.json'))),
    ).toEqual({
      model_type: 'qwen2',
      seed: 1,
    });
    const { done } = await downloadModel(hub, repository, new MemoryFiles(), { paths: Object.keys(files) });
    await done;
  });

  it('keeps to a commit when the branch moves on', async () => {
    const hub = hubAt(server.url);
    const before = await listRepository(hub, repo);
    await server.push(repo, { ...files, 'config.json': '{"model_type":"other"}' });
    expect(new TextDecoder().decode(await fetchSmallFile(hub, before, 'config.json'))).toContain('qwen2');
    expect((await listRepository(hub, repo)).commit).not.toBe(before.commit);
    await server.push(repo, files);
  });

  it.each([
    ['no/such-model', undefined, 'repository_not_found', /There is no model no\/such-model on localhost/],
    [repo, 'no-such-branch', 'revision_not_found', /has no revision no-such-branch on localhost/],
    ['not a name', undefined, 'repository_name', /is not the name of a repository/],
    ['../../etc', undefined, 'repository_name', /is not the name of a repository/],
  ])('says what is wrong with %s at %s', async (name, revision, code, message) => {
    const failure = listRepository(hubAt(server.url), name, revision);
    await expect(failure).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
  });

  it('says that an endpoint speaks another language', async () => {
    const answers = ['[]', '<html>', '{"sha":"main"}'];
    for (const answer of answers) {
      const hub = hubAt('https://example.org', { fetch: () => Promise.resolve(new Response(answer)) });
      await expect(listRepository(hub, repo)).rejects.toMatchObject({ code: 'repository_invalid' });
    }
    await expect(listRepository(hubAt('ftp://example.org'), repo)).rejects.toMatchObject({
      code: 'endpoint_invalid',
    });
    await expect(listRepository(hubAt('http://example.org'), repo)).rejects.toMatchObject({
      code: 'endpoint_invalid',
    });
  });
});

describe('gated models', () => {
  it('ask for a token, and say when it is of no use', async () => {
    const repository = await listRepository(hubAt(server.url), gated);
    expect(repository.gated).toBe(true);
    const without = fetchSmallFile(hubAt(server.url), repository, 'config.json');
    expect(await without.catch(told)).toMatchObject({
      code: 'repository_gated',
      message: `${gated} is open only to people whom its owner has approved.`,
      hint: expect.stringContaining(`${server.url}/${gated}`) as string,
    });
    const wrong = hubAt(server.url, { token: 'another' });
    await expect(fetchSmallFile(wrong, repository, 'config.json')).rejects.toMatchObject({
      code: 'repository_gated',
      message: `The access token does not open ${gated}.`,
    });
    const { done } = await downloadModel(wrong, repository, new MemoryFiles(), { paths: Object.keys(files) });
    await expect(done).rejects.toMatchObject({ code: 'repository_gated' });
  });

  it('refuse a token that no header can hold, without repeating it', async () => {
    for (const broken of [`${token}\nX`, `${token}…`, `${token} ${token}`]) {
      const error: unknown = await listRepository(hubAt(server.url, { token: broken }), gated).catch(
        (caught: unknown) => caught,
      );
      expect(error).toMatchObject({ code: 'token_invalid' });
      expect(JSON.stringify(describeError(error))).not.toContain(token);
    }
  });

  it('come with the token, which goes to the endpoint and nowhere else', async () => {
    const hub = hubAt(server.url, { token });
    const repository = await listRepository(hub, gated);
    const { done } = await downloadModel(hub, repository, new MemoryFiles(), { paths: Object.keys(files) });
    await done;
    const seen = (host: string) =>
      new Set(server.requests.filter((each) => each.host === host).map(({ authorization }) => authorization));
    expect(seen('hub')).toEqual(new Set([`Bearer ${token}`]));
    // The files of two shards and a tokenizer came from there.
    expect(seen('files')).toEqual(new Set([undefined]));
    expect(server.requests.some(({ url }) => url.includes(token))).toBe(false);
  });
});

describe('fetchSmallFile', () => {
  it('tries again what came wrong, and gives up what comes wrong twice', async () => {
    const repository = await listRepository(hubAt(server.url), repo);
    server.faults = faultOf('wrong_bytes', 'config.json', 1);
    await fetchSmallFile(hubAt(server.url), repository, 'config.json');
    server.faults = faultOf('cut', 'config.json', 3);
    await fetchSmallFile(hubAt(server.url), repository, 'config.json');
    server.faults = faultOf('wrong_bytes', 'config.json', Infinity);
    const failure = fetchSmallFile(hubAt(server.url), repository, 'config.json');
    await expect(failure).rejects.toMatchObject({ code: 'download_wrong_hash' });
    const missing = fetchSmallFile(hubAt(server.url), repository, 'no.json');
    await expect(missing).rejects.toMatchObject({ code: 'repository_file_missing' });
  });
});

describe('searchModels', () => {
  it('finds what can be trained, the most used first', async () => {
    const found = await searchModels(hubAt(server.url), 'qwen');
    expect(found.map((model) => model.repo)).toEqual(['a/qwen-4bit', 'a/qwen-gguf', 'a/qwen', 'a/qwen-gptq']);
    expect(found[1]).toMatchObject({
      architecture: 'Qwen2ForCausalLM',
      parameters: 12,
      quantization: 'gguf',
    });
    expect(found[2]).toMatchObject({ license: 'mit', gated: false, likes: 2, modelType: 'qwen2', bytes: 6 });
    expect(found[3]).toMatchObject({ gated: true, quantization: 'gptq' });
    expect(await searchModels(hubAt(server.url), 'nothing like it')).toEqual([]);
  });

  it('finds models with a part for images too, if their text can be trained', async () => {
    const found = await searchModels(hubAt(server.url), 'gemma');
    expect(found.map((model) => model.repo)).toEqual(['a/gemma-3-4b-it', 'a/gemma-3-4b-it-gguf']);
    expect(found[0]?.architecture).toBe('Gemma3ForConditionalGeneration');
  });

  it('refuses the address of a dataset, without asking', async () => {
    const asked = server.requests.length;
    const search = searchModels(hubAt(server.url), 'https://huggingface.co/datasets/a/b');
    await expect(search).rejects.toMatchObject({ code: 'model_reference' });
    expect(server.requests).toHaveLength(asked);
  });

  it('is not offered by ModelScope, and says so', async () => {
    await expect(searchModels(modelScope(), 'qwen')).rejects.toMatchObject({ code: 'search_not_offered' });
  });

  it('says that a token is refused, and soon that nothing can be reached', async () => {
    const refusing = hubAt(server.url, {
      token,
      fetch: () => Promise.resolve(new Response('', { status: 401 })),
    });
    await expect(searchModels(refusing, 'qwen')).rejects.toMatchObject({ code: 'token_refused' });
    const cut = hubAt(server.url, { fetch: () => Promise.reject(new TypeError('Failed to fetch')) });
    expect(await searchModels(cut, 'qwen').catch(told)).toMatchObject({
      code: 'endpoint_unreachable',
      hint: 'Check the connection, or choose another endpoint.',
    });
    // Four lists are asked for side by side.
    expect(cut.slept.reduce((sum, each) => sum + each) / 4).toBeLessThan(10_000);
  });

  it('can be ended', async () => {
    const stop = new AbortController();
    stop.abort(new DOMException('', 'AbortError'));
    const ended = searchModels(hubAt(server.url), 'qwen', { signal: stop.signal });
    await expect(ended).rejects.toMatchObject({ name: 'AbortError' });
  });
});
