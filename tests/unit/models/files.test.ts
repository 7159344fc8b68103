import { describe, expect, test } from 'vitest';
import { writeSafetensors } from '../../../src/formats/safetensors';
import { openCheckpoint } from '../../../src/models/files';
import { CONFIG, folderOf, json, madeUpTensors, shardsOf, type NamedTensor } from './made_up';
import { told } from '../told';

const tensors = madeUpTensors(CONFIG);
const whole = { 'model.safetensors': writeSafetensors(tensors) };
const shards = shardsOf(tensors, 3);
const INDEX = 'model.safetensors.index.json';
const SHARD = 'model-00002-of-00003.safetensors';
const NORM = 'model.norm.weight';

/** The same tensors but for one. */
const changed = (name: string, change: Partial<NamedTensor> | undefined): Record<string, Uint8Array> => ({
  'model.safetensors': writeSafetensors(
    tensors.flatMap((tensor) =>
      tensor.name === name ? (change ? [{ ...tensor, ...change }] : []) : [tensor],
    ),
  ),
});

const indexOf = (change: (map: Record<string, string>) => void): Record<string, Uint8Array> => {
  const { weight_map } = JSON.parse(new TextDecoder().decode(shards[INDEX])) as {
    weight_map: Record<string, string>;
  };
  change(weight_map);
  return { ...shards, [INDEX]: json({ weight_map }) };
};

const opening = (files: Record<string, Uint8Array | undefined>) => openCheckpoint(folderOf(files));

test('one file and shards of it hold the same tensors', async () => {
  const one = await opening(whole);
  const several = await opening(shards);
  expect(several.files.map(({ name }) => name)).toEqual(Object.keys(shards).slice(0, 3));
  for (const tensor of tensors) {
    for (const { stored } of [one, several]) {
      const weight = stored.get(tensor.name);
      expect(weight?.kind).toBe('dense');
      if (weight?.kind !== 'dense') return;
      const { file, begin, end } = weight.tensor;
      expect(Buffer.compare(await file.read(begin, end), tensor.data)).toBe(0);
    }
  }
});

test('one file is taken where there are leftovers of shards, pickles and consolidated weights too', async () => {
  const extra = { ...whole, 'pytorch_model.bin': json({}), 'consolidated.safetensors': json({}) };
  const { files } = await opening({ ...extra, [INDEX]: json({ weight_map: { a: 'b.safetensors' } }) });
  expect(files.map(({ name }) => name)).toEqual(['model.safetensors']);
});

test('only headers are read', async () => {
  const folder = folderOf(shards);
  const read: number[] = [];
  for (const [name, file] of folder) {
    if (!name.endsWith('.safetensors')) continue;
    folder.set(name, {
      ...file,
      read: (begin, end) => {
        read.push(end);
        return file.read(begin, end);
      },
    });
  }
  await openCheckpoint(folder);
  expect(Math.max(...read)).toBeLessThan(4096);
});

test.each(['model.layers.0.self_attn.rotary_emb.inv_freq', 'lm_head.weight'])(
  'an index that names %s, which a tied model lacks, is opened',
  async (name) => {
    const config = { ...CONFIG, tie_word_embeddings: true };
    const tied = shardsOf(madeUpTensors(config), 3);
    const index = JSON.parse(new TextDecoder().decode(tied[INDEX])) as { weight_map: Record<string, string> };
    index.weight_map[name] = SHARD;
    const { files } = await opening({ ...tied, [INDEX]: json(index), 'config.json': json(config) });
    expect(files).toHaveLength(3);
  },
);

test('a quantization_config that was left over after a merge does not matter', async () => {
  for (const quantization_config of [
    {},
    { quant_method: 'bitsandbytes', load_in_4bit: true, bnb_4bit_quant_type: 'fp4' },
    { quant_method: 'bitsandbytes', load_in_8bit: true },
    { quant_method: 'gptq', bits: 8, group_size: 128 },
  ]) {
    const config = json({ ...CONFIG, quantization_config });
    const { stored } = await opening({ ...whole, 'config.json': config });
    expect(stored.get(NORM)?.kind).toBe('dense');
  }
});

const POINTER = new TextEncoder().encode(
  `version https://git-lfs.github.com/spec/v1\noid sha256:${'0'.repeat(64)}\nsize 123456\n`,
);

describe('refused, by name', () => {
  test.each(['model.safetensors', 'tokenizer.json', 'model.gguf'])(
    'a pointer of Git LFS as %s',
    async (name) => {
      const files = name.endsWith('.gguf') ? {} : whole;
      await expect(opening({ ...files, [name]: POINTER })).rejects.toMatchObject({ code: 'git_lfs_pointer' });
    },
  );

  test('a head that is missing, with what it may be', async () => {
    const untied = json({ ...CONFIG, tie_word_embeddings: false });
    const headless = tensors.filter(({ name }) => name !== 'lm_head.weight');
    const files = { 'config.json': untied, 'model.safetensors': writeSafetensors(headless) };
    expect(await opening(files).catch(told)).toMatchObject({
      code: 'head_missing',
      hint: expect.stringContaining('tie_word_embeddings') as string,
    });
  });

  test.each<[string, Record<string, Uint8Array | undefined>, string, string]>([
    ['no weights', {}, 'model_file_missing', 'model.safetensors'],
    [
      'an adapter',
      { 'config.json': undefined, 'adapter_config.json': json({}) },
      'model_folder_is_adapter',
      'it is an adapter, not a model',
    ],
    ['shards without their index', { ...shards, [INDEX]: undefined }, 'model_file_missing', INDEX],
    ['a shard that is missing', { ...shards, [SHARD]: undefined }, 'model_shard_missing', SHARD],
    ['a variant', { 'model.fp16.safetensors': json({}) }, 'model_file_missing', 'model.fp16.safetensors'],
    ['a folder below', { 'checkpoint-5/model.safetensors': json({}) }, 'model_file_missing', 'checkpoint-5'],
    ["Mistral's own", { 'consolidated.safetensors': json({}) }, 'model_file_missing', 'consolidated'],
    ['a pickle alone', { 'pytorch_model.bin': json({}) }, 'weights_not_safetensors', 'pytorch_model.bin'],
    ['an original alone', { 'consolidated.00.pth': json({}) }, 'weights_not_safetensors', 'consolidated.00'],
    ['an index that is no JSON', { ...shards, [INDEX]: new Uint8Array([1]) }, 'json_invalid', INDEX],
    ['an index without a map', { ...shards, [INDEX]: json({}) }, 'index_invalid', 'weight_map'],
    ['an empty map', { ...shards, [INDEX]: json({ weight_map: {} }) }, 'index_invalid', 'weight_map'],
    ['a path up', indexOf((map) => (map[NORM] = '../other.safetensors')), 'index_invalid', '../other'],
    ['a path down', indexOf((map) => (map[NORM] = 'a/b.safetensors')), 'index_invalid', 'a/b'],
    ['a path of Windows', indexOf((map) => (map[NORM] = 'C:\\a.safetensors')), 'index_invalid', 'C:'],
    ['another kind of file', indexOf((map) => (map[NORM] = 'config.json')), 'index_invalid', 'config.json'],
    ['a tensor in none of them', indexOf((map) => (map['more'] = SHARD)), 'index_differs', 'more'],
    ['a tensor in another shard', indexOf((map) => (map[NORM] = SHARD)), 'index_differs', NORM],
    ['a tensor without a place', indexOf((map) => Reflect.deleteProperty(map, NORM)), 'index_differs', NORM],
    [
      'a tensor in two shards',
      { ...shards, [SHARD]: shards['model-00003-of-00003.safetensors'] },
      'tensor_twice',
      'model-00003',
    ],
    ['two GGUF files', { 'a.gguf': json({}), 'b.gguf': json({}) }, 'gguf_several', 'a.gguf, b.gguf'],
    [
      'a file cut short',
      { 'model.safetensors': whole['model.safetensors'].subarray(0, -1) },
      'safetensors_cut',
      '',
    ],
    ['a tensor that is missing', changed(NORM, undefined), 'tensor_missing', NORM],
    [
      'another shape',
      changed(NORM, { shape: [8, 8] }),
      'tensor_shape',
      '[8, 8] in model.safetensors and [64]',
    ],
    ['another dtype', changed(NORM, { dtype: 'I16' }), 'tensor_dtype', 'I16'],
    ['a tensor too many', changed(NORM, { name: 'model.extra' }), 'tensor_missing', NORM],
    [
      'a tensor that means something else',
      { 'model.safetensors': writeSafetensors([...tensors, { ...tensors[0]!, name: 'model.extra' }]) },
      'tensor_unexpected',
      'model.extra',
    ],
  ])('%s', async (_, files, code, words) => {
    const error: unknown = await opening(files).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code });
    expect((error as Error).message).toContain(words);
  });
});

test('what old checkpoints carry along, and a second copy of a tied head, is let be', async () => {
  const config = { ...CONFIG, tie_word_embeddings: true };
  const tied = madeUpTensors(config);
  const [embedding] = tied;
  const extra = [
    { ...embedding!, name: 'lm_head.weight' },
    {
      name: 'model.layers.0.self_attn.rotary_emb.inv_freq',
      dtype: 'F32',
      shape: [1],
      data: new Uint8Array(4),
    },
  ] as const;
  const folder = folderOf({ 'model.safetensors': writeSafetensors([...tied, ...extra]) }, config);
  expect((await openCheckpoint(folder)).stored.has('lm_head.weight')).toBe(false);
});

test('a head with values of its own is not taken for the embedding', async () => {
  const config = { ...CONFIG, tie_word_embeddings: true };
  const tied = madeUpTensors(config);
  const data = Uint8Array.from(tied[0]!.data);
  data[data.length - 1]! ^= 1;
  const own = { ...tied[0]!, name: 'lm_head.weight', data };
  const folder = folderOf({ 'model.safetensors': writeSafetensors([...tied, own]) }, config);
  await expect(openCheckpoint(folder)).rejects.toMatchObject({ code: 'tied_head_differs' });
});

describe('weights of the bare model, as AutoModel saves them', () => {
  const bare = (given: readonly NamedTensor[]) =>
    given.flatMap(({ name, ...tensor }) =>
      name === 'lm_head.weight' ? [] : [{ ...tensor, name: name.replace(/^model\./, '') }],
    );
  const tied = { ...CONFIG, tie_word_embeddings: true };

  test('are those of the model whose head is its embedding', async () => {
    const all = madeUpTensors(tied);
    for (const files of [{ 'model.safetensors': writeSafetensors(bare(all)) }, shardsOf(bare(all), 2)]) {
      const { stored } = await openCheckpoint(folderOf(files, tied));
      expect([...stored.keys()].sort()).toEqual(all.map(({ name }) => name).sort());
      const norm = stored.get(NORM);
      if (norm?.kind !== 'dense') throw new Error('the norm is dense');
      const { file, begin, end } = norm.tensor;
      const { data } = all.find(({ name }) => name === NORM)!;
      expect(Buffer.compare(await file.read(begin, end), data)).toBe(0);
    }
  });

  test('lack a head of their own, and say so', async () => {
    const files = { 'model.safetensors': writeSafetensors(bare(tensors)) };
    await expect(opening(files)).rejects.toThrow('The weights lack lm_head.weight');
  });

  test('are not confused with weights that lack the embedding', async () => {
    const files = { 'model.safetensors': writeSafetensors(tensors.filter(({ name }) => name === NORM)) };
    await expect(opening(files)).rejects.toThrow('The weights lack model.embed_tokens.weight');
  });
});

test.each([
  ['base_model.model.model.layers.0.self_attn.q_proj.base_layer.weight', 'merge_and_unload'],
  ['module.model.norm.weight', 'DistributedDataParallel'],
  ['_orig_mod.model.norm.weight', 'torch.compile'],
])('weights of a module around the model are named: %s', async (name, word) => {
  const inside = tensors.map((tensor) => (tensor.name === NORM ? { ...tensor, name } : tensor));
  const refusal = await opening({ 'model.safetensors': writeSafetensors(inside) }).catch(told);
  expect(refusal).toMatchObject({ code: 'tensor_wrapped' });
  expect(JSON.stringify(refusal)).toContain(word);
});
