import { zipSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { memoryFile } from '../../../src/core/file_reader';
import { bytesOf } from '../../../src/core/bytes';
import { f16ToF32, f32ToBf16, f32ToF16, bf16ToF32 } from '../../../src/core/dtype';
import { TunesmithError } from '../../../src/core/errors';
import { readTensors, writeSafetensors } from '../../../src/formats/safetensors';
import { readSpec } from '../../../src/models/config';
import type { ModelFolder } from '../../../src/models/folder';
import {
  adapterLayout,
  initialAdapter,
  readParameter,
  withDerivedStart,
} from '../../../src/models/adapters/layout';
import type { AdapterSettings } from '../../../src/models/adapters/settings';
import {
  ADAPTER_CONFIG,
  ADAPTER_WEIGHTS,
  adapterFiles,
  namedTensors,
  readAdapterFiles,
} from '../../../src/models/adapter_files';
import { tinySpec } from '../session/tiny';

const settings: AdapterSettings = {
  r: 6,
  lora_alpha: 12,
  lora_dropout: 0.1,
  use_rslora: true,
  target_modules: ['v_proj', 'q_proj', 'down_proj'],
};
const layout = adapterLayout(tinySpec, settings);
const { parameters, frozen } = initialAdapter(layout, 7);
const files = adapterFiles({ layout, parameters, frozen, baseModel: 'some/base', revision: 'main' });

type Tensors = Parameters<typeof writeSafetensors>[0];

function folderOf(contents: Iterable<readonly [string, Uint8Array<ArrayBuffer>]>): ModelFolder {
  return new Map(Array.from(contents, ([name, bytes]) => [name, memoryFile(name, bytes)]));
}

function tensorsOfFiles(): Tensors[number][] {
  const { tensors } = readTensors(files.get(ADAPTER_WEIGHTS)!);
  return Array.from(tensors, ([name, tensor]) => ({ name, ...tensor }));
}

function withTensors(tensors: Tensors): ModelFolder {
  return folderOf([...files, [ADAPTER_WEIGHTS, writeSafetensors(tensors)]]);
}

function withConfig(change: Record<string, unknown>): ModelFolder {
  const config = JSON.parse(new TextDecoder().decode(files.get(ADAPTER_CONFIG))) as object;
  const json = new TextEncoder().encode(JSON.stringify({ ...config, ...change }));
  return folderOf([...files, [ADAPTER_CONFIG, json]]);
}

async function refusal(folder: ModelFolder): Promise<TunesmithError> {
  try {
    await readAdapterFiles(folder, tinySpec);
  } catch (error) {
    if (error instanceof TunesmithError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('an adapter written as files', () => {
  it('bears the names and shapes of PEFT, in F32', () => {
    const { tensors, metadata } = readTensors(files.get(ADAPTER_WEIGHTS)!);
    expect(metadata).toEqual({ format: 'pt' });
    expect(tensors.size).toBe(2 * 3 * tinySpec.blocks.length);
    const A = tensors.get('base_model.model.model.layers.1.mlp.down_proj.lora_A.weight');
    expect(A).toMatchObject({ dtype: 'F32', shape: [6, 192] });
    const B = tensors.get('base_model.model.model.layers.0.self_attn.q_proj.lora_B.weight');
    expect(B).toMatchObject({ dtype: 'F32', shape: [4 * 32, 6] });
  });

  it('says in its config what it is', () => {
    expect(JSON.parse(new TextDecoder().decode(files.get(ADAPTER_CONFIG)))).toMatchObject({
      base_model_name_or_path: 'some/base',
      revision: 'main',
      peft_type: 'LORA',
      r: 6,
      lora_alpha: 12,
      lora_dropout: 0.1,
      use_rslora: true,
      target_modules: ['q_proj', 'v_proj', 'down_proj'],
    });
  });

  it('comes back to the bit', async () => {
    const read = await readAdapterFiles(folderOf(files), tinySpec);
    expect(read.layout.modules).toEqual(layout.modules);
    expect(read.settings).toMatchObject({ ...settings, target_modules: ['q_proj', 'v_proj', 'down_proj'] });
    expect(read.baseModel).toBe('some/base');
    expect(bytesOf(read.parameters)).toEqual(bytesOf(parameters));
  });

  it('of DoRA has the magnitudes under PEFT’s name, and comes back to the bit', async () => {
    const layout = adapterLayout(tinySpec, { ...settings, use_dora: true });
    const flat = withDerivedStart(
      layout,
      initialAdapter(layout, 3).parameters,
      new Float32Array(layout.derivedSize).fill(2),
    );
    const written = adapterFiles({ layout, parameters: flat, frozen, baseModel: 'some/base' });
    const { tensors } = readTensors(written.get(ADAPTER_WEIGHTS)!);
    expect(tensors.size).toBe(3 * 3 * tinySpec.blocks.length);
    const name = 'base_model.model.model.layers.1.mlp.down_proj.lora_magnitude_vector';
    expect(tensors.get(name)).toMatchObject({ dtype: 'F32', shape: [tinySpec.hiddenSize] });
    const read = await readAdapterFiles(folderOf(written), tinySpec);
    expect(read.settings.use_dora).toBe(true);
    expect(bytesOf(read.parameters)).toEqual(bytesOf(flat));
  });

  it('may stand in some layers only', async () => {
    const path = 'model.layers.1.self_attn.q_proj';
    const partial = adapterLayout(tinySpec, { ...settings, target_modules: [path, 'v_proj'] });
    const flat = initialAdapter(partial, 3).parameters;
    const written = adapterFiles({ layout: partial, parameters: flat, frozen, baseModel: 'some/base' });
    const read = await readAdapterFiles(folderOf(written), tinySpec);
    expect(read.settings.target_modules).toEqual(['v_proj', path]);
    expect(read.layout.modules).toEqual(partial.modules);
    expect(bytesOf(read.parameters)).toEqual(bytesOf(flat));
  });

  it('comes back out of a zip, in a folder of its own or not', async () => {
    for (const prefix of ['', 'my-adapter/']) {
      const entries = Array.from(files, ([name, bytes]) => [`${prefix}${name}`, bytes] as const);
      const junk = { [`__MACOSX/${prefix}._adapter_config.json`]: new Uint8Array(9) };
      const zip = new Uint8Array(zipSync({ ...Object.fromEntries(entries), ...junk }));
      const read = await readAdapterFiles(folderOf([['adapter.zip', zip]]), tinySpec);
      expect(bytesOf(read.parameters)).toEqual(bytesOf(parameters));
    }
  });

  it('with ranks by pattern, in some layers only, comes back to the bit', async () => {
    const partial = {
      ...settings,
      target_modules: ['q_proj', 'v_proj'],
      rank_pattern: { v_proj: 2 },
      alpha_pattern: { '.*q_proj': 7 },
      layers_to_transform: [1],
    };
    const layout = adapterLayout(tinySpec, partial);
    const flat = initialAdapter(layout, 3).parameters;
    const written = adapterFiles({ layout, parameters: flat, frozen, baseModel: 'some/base' });
    const read = await readAdapterFiles(folderOf(written), tinySpec);
    expect(read.settings).toMatchObject(partial);
    expect(read.layout.modules).toEqual(layout.modules);
    expect(bytesOf(read.parameters)).toEqual(bytesOf(flat));
  });

  it.each([
    ['F16', f32ToF16, f16ToF32],
    ['BF16', f32ToBf16, bf16ToF32],
  ] as const)('is read from %s as well', async (dtype, narrow, widen) => {
    const parts = namedTensors(layout).map(({ name, tensor }) => ({
      name,
      place: tensor,
      values: narrow(readParameter(parameters, tensor)),
    }));
    const tensors = parts.map(({ name, place, values }) => {
      return { name, dtype, shape: place.shape, data: bytesOf(values) };
    });
    const read = await readAdapterFiles(withTensors(tensors), tinySpec);
    for (const { place, values } of parts) {
      expect(readParameter(read.parameters, place)).toEqual(widen(values));
    }
  });
});

describe('adapters that PEFT reads are read', () => {
  const same = async (folder: ModelFolder): Promise<void> => {
    const read = await readAdapterFiles(folder, tinySpec);
    expect(bytesOf(read.parameters)).toEqual(bytesOf(parameters));
  };

  it('with targets of other families, exclusions and patterns that hit nothing, all layers by number', async () => {
    await same(withConfig({ target_modules: ['c_attn', 'q_proj', 'v_proj', 'down_proj', 'Wqkv'] }));
    await same(withConfig({ exclude_modules: ['router', 'lm_head'] }));
    await same(withConfig({ rank_pattern: { experts: 4 }, alpha_pattern: { 'vision.*': 1 } }));
    await same(
      withConfig({ layers_to_transform: tinySpec.blocks.map((_, i) => i), layers_pattern: 'layers' }),
    );
  });

  it('with the adapter’s own name in those of the tensors', async () => {
    const named = tensorsOfFiles().map(({ name, ...tensor }) => {
      return { ...tensor, name: name.replace('.weight', '.default.weight') };
    });
    await same(withTensors(named));
    expect((await refusal(withTensors([...named, ...tensorsOfFiles()]))).message).toContain('twice');
  });

  it('in F64', async () => {
    const { tensors } = readTensors(files.get(ADAPTER_WEIGHTS)!);
    const wide = Array.from(tensors, ([name, { shape, data }]) => {
      const values = Float64Array.from(new Float32Array(data.slice().buffer));
      return { name, shape, dtype: 'F64' as const, data: bytesOf(values) };
    });
    await same(withTensors(wide));
  });
});

describe('files that are no adapter of this model are refused', () => {
  const name = 'base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight';

  it('with a file missing', async () => {
    const without = (missing: string): ModelFolder =>
      folderOf([...files].filter(([file]) => file !== missing));
    expect((await refusal(without(ADAPTER_CONFIG))).message).toContain(ADAPTER_CONFIG);
    expect((await refusal(without(ADAPTER_WEIGHTS))).message).toContain(ADAPTER_WEIGHTS);
  });

  it('with a tensor missing', async () => {
    const error = await refusal(withTensors(tensorsOfFiles().filter((tensor) => tensor.name !== name)));
    expect(error).toMatchObject({ code: 'adapter_tensor' });
    expect(error.message).toContain(name);
  });

  it('with a tensor of another shape', async () => {
    const tensors = tensorsOfFiles().map((tensor) =>
      tensor.name === name ? { ...tensor, shape: tensor.shape.toReversed() } : tensor,
    );
    expect((await refusal(withTensors(tensors))).message).toContain(`${name} of shape [64, 6]`);
  });

  it('with a tensor of whole numbers', async () => {
    const tensors = tensorsOfFiles().map((tensor) =>
      tensor.name === name ? { ...tensor, dtype: 'I32' as const } : tensor,
    );
    expect((await refusal(withTensors(tensors))).message).toContain(`${name} as I32`);
  });

  it('with a NaN', async () => {
    const tensors = tensorsOfFiles().map((tensor) => {
      if (tensor.name !== name) return tensor;
      const data = tensor.data.slice();
      new DataView(data.buffer).setFloat32(8, NaN, true);
      return { ...tensor, data };
    });
    expect((await refusal(withTensors(tensors))).message).toContain(name);
  });

  it.each(['base_model.model.model.layers.0.self_attn.k_proj.lora_A.weight', 'lm_head.weight'])(
    'with a tensor too many: %s',
    async (extra) => {
      const added = { name: extra, dtype: 'F32' as const, shape: [1], data: new Uint8Array(4) };
      expect((await refusal(withTensors([...tensorsOfFiles(), added]))).message).toContain(extra);
    },
  );

  it('with modules that this model lacks, or arithmetic that is not supported', async () => {
    expect((await refusal(withConfig({ target_modules: ['c_attn'] }))).message).toContain('c_attn');
    expect((await refusal(withConfig({ use_qalora: true }))).message).toContain('use_qalora');
  });

  it('of other programs, by what they are', async () => {
    const beside = (name: string): ModelFolder =>
      folderOf([
        [ADAPTER_CONFIG, files.get(ADAPTER_CONFIG)!],
        [name, new Uint8Array(4)],
      ]);
    expect((await refusal(beside('adapter_model.bin'))).message).toContain('pickle');
    expect((await refusal(beside('adapters.safetensors'))).message).toContain('mlx-lm');
    expect((await refusal(withConfig({ fine_tune_type: 'lora', lora_parameters: {} }))).message).toContain(
      'mlx-lm',
    );
  });

  it('that bring an embedding or a head of their own', async () => {
    expect((await refusal(withConfig({ target_modules: ['q_proj', 'lm_head'] }))).message).toContain(
      'lm_head',
    );
    expect((await refusal(withConfig({ modules_to_save: ['embed_tokens'] }))).message).toContain(
      'embed_tokens',
    );
    const table = { name: 'base_model.model.model.embed_tokens.weight', dtype: 'F32' as const, shape: [1] };
    const error = await refusal(withTensors([...tensorsOfFiles(), { ...table, data: new Uint8Array(4) }]));
    expect(error.message).toContain('embedding');
  });

  it('that unpack to more than an adapter of this model can have, without unpacking it', async () => {
    const zeros = new Uint8Array(96 << 20);
    const large = { [ADAPTER_CONFIG]: files.get(ADAPTER_CONFIG)!, [ADAPTER_WEIGHTS]: zeros };
    const zip = (contents: Record<string, Uint8Array>) =>
      folderOf([['bomb.zip', new Uint8Array(zipSync(contents, { level: 1 }))]]);
    expect(await refusal(zip(large))).toMatchObject({ code: 'adapter_too_large' });
    expect((await refusal(zip({ [ADAPTER_CONFIG]: new Uint8Array(2 << 20) }))).message).toContain(
      'has more than',
    );
    // Files with other names are ignored.
    const read = await readAdapterFiles(zip({ ...Object.fromEntries(files), 'other.bin': zeros }), tinySpec);
    expect(bytesOf(read.parameters)).toEqual(bytesOf(parameters));
  });

  it('with damage to the config, the weights or the zip', async () => {
    const cut = (file: string): Uint8Array<ArrayBuffer> => files.get(file)!.slice(0, -40);
    const config = await refusal(folderOf([...files, [ADAPTER_CONFIG, cut(ADAPTER_CONFIG)]]));
    expect(config).toMatchObject({ code: 'json_invalid' });
    const weights = await refusal(folderOf([...files, [ADAPTER_WEIGHTS, cut(ADAPTER_WEIGHTS)]]));
    expect(weights).toMatchObject({ code: 'safetensors_cut' });
    const zip = new Uint8Array(zipSync(Object.fromEntries(files))).slice(0, -40);
    expect(await refusal(folderOf([['cut.zip', zip]]))).toMatchObject({ code: 'adapter_zip' });
    const twice = new Uint8Array(
      zipSync({
        [`a/${ADAPTER_CONFIG}`]: files.get(ADAPTER_CONFIG)!,
        [`b/${ADAPTER_CONFIG}`]: files.get(ADAPTER_CONFIG)!,
      }),
    );
    expect(await refusal(folderOf([['two.zip', twice]]))).toMatchObject({ code: 'adapter_zip' });
  });
});

describe('an adapter of a model with a tower for images', () => {
  const spec = readSpec({
    architectures: ['Gemma3ForConditionalGeneration'],
    text_config: {
      hidden_size: 64,
      intermediate_size: 64,
      num_hidden_layers: 2,
      head_dim: 16,
      vocab_size: 96,
    },
  });
  const own = adapterLayout(spec, { ...settings, target_modules: ['q_proj', 'down_proj'] });
  const flat = initialAdapter(own, 3).parameters;
  const written = adapterFiles({ layout: own, parameters: flat, frozen, baseModel: 'some/base' });
  const { tensors } = readTensors(written.get(ADAPTER_WEIGHTS)!);
  const renamed = (of: (name: string) => string, more: Tensors = []): ModelFolder => {
    const entries = Array.from(tensors, ([name, tensor]) => ({ name: of(name), ...tensor }));
    return folderOf([...written, [ADAPTER_WEIGHTS, writeSafetensors([...entries, ...more])]]);
  };
  const inTower = (value: number): Tensors[number] => ({
    name: 'base_model.model.model.vision_tower.encoder.layers.0.self_attn.q_proj.lora_B.weight',
    dtype: 'F32',
    shape: [2, 2],
    data: bytesOf(new Float32Array(4).fill(value)),
  });

  it('targets the text alone, by an expression', async () => {
    const { target_modules } = JSON.parse(new TextDecoder().decode(written.get(ADAPTER_CONFIG))) as {
      target_modules: string;
    };
    const targeted = (path: string): boolean => new RegExp(`^(?:${target_modules})$`).test(path);
    expect(targeted('model.language_model.layers.0.self_attn.q_proj')).toBe(true);
    expect(targeted('model.language_model.layers.1.mlp.down_proj')).toBe(true);
    expect(targeted('model.language_model.layers.1.mlp.up_proj')).toBe(false);
    expect(targeted('model.vision_tower.encoder.layers.0.self_attn.q_proj')).toBe(false);
    const read = await readAdapterFiles(folderOf(written), spec);
    expect(read.parameters).toEqual(flat);
    expect(read.settings.target_modules).toEqual(['q_proj', 'down_proj']);
  });

  it('in some layers says which within the expression, for PEFT takes no list of layers beside one', async () => {
    const partial = { target_modules: ['q_proj', 'down_proj'], layers_to_transform: [1] };
    const layout = adapterLayout(spec, { ...settings, ...partial });
    const parameters = initialAdapter(layout, 4).parameters;
    const files = adapterFiles({ layout, parameters, frozen, baseModel: 'some/base' });
    const config = JSON.parse(new TextDecoder().decode(files.get(ADAPTER_CONFIG))) as object;
    expect(config).toMatchObject({
      layers_to_transform: null,
      target_modules: String.raw`(?:.*\.)?language_model\.(?:.*\.)?(?:layers\.1\.self_attn\.q_proj|layers\.1\.mlp\.down_proj)`,
    });
    const read = await readAdapterFiles(folderOf(files), spec);
    expect(read.settings).toMatchObject(partial);
    expect(read.parameters).toEqual(parameters);
  });

  it('is read under the names of older versions, and beside parts of the tower that do nothing', async () => {
    const older = renamed((name) =>
      name.replace('model.model.language_model.', 'model.language_model.model.'),
    );
    expect((await readAdapterFiles(older, spec)).parameters).toEqual(flat);
    const beside = renamed((name) => name, [inTower(0)]);
    expect((await readAdapterFiles(beside, spec)).parameters).toEqual(flat);
    await expect(
      readAdapterFiles(
        renamed((name) => name, [inTower(1)]),
        spec,
      ),
    ).rejects.toThrow('images');
  });

  it.each([
    { type: 'oft', part: 'oft_R.weight', start: 0 },
    { type: 'ia3', part: 'ia3_l', start: 1 },
  ] as const)('is refused if the tower’s $part is trained', async ({ type, part, start }) => {
    const layout = adapterLayout(spec, {
      ...settings,
      target_modules: ['q_proj', 'down_proj'],
      finetuning_type: type,
    });
    const written = adapterFiles({ layout, ...initialAdapter(layout, 3), baseModel: 'some/base' });
    const { tensors } = readTensors(written.get(ADAPTER_WEIGHTS)!);
    const beside = (value: number): ModelFolder => {
      const entries = Array.from(tensors, ([name, tensor]) => ({ name, ...tensor }));
      const tower = inTower(value);
      entries.push({ ...tower, name: tower.name.replace('lora_B.weight', part) });
      return folderOf([...written, [ADAPTER_WEIGHTS, writeSafetensors(entries)]]);
    };
    expect((await readAdapterFiles(beside(start), spec)).layout.kind).toBe(layout.kind);
    await expect(readAdapterFiles(beside(1 - start), spec)).rejects.toThrow('images');
  });
});

describe('factors of inputs', () => {
  const down = (layer: number) => `model.layers.${layer}.mlp.down_proj`;
  it.each<[AdapterSettings['target_modules'], string[], string[] | undefined, string[]]>([
    // Each has the settings' targets and names, then what PEFT is told of both; undefined stands for the targets given.
    [['q_proj', 'down_proj'], ['down_proj', 'w2'], undefined, ['down_proj']],
    [['q_proj', down(0)], ['down_proj'], undefined, [down(0)]],
    [['q_proj', 'mlp.down_proj'], ['down_proj'], undefined, ['mlp.down_proj']],
    [['down_proj'], [down(0)], [down(0), down(1)], [down(0)]],
    [['q_proj'], ['down_proj'], undefined, []],
  ])('of %o with %o are told to PEFT by its targets', async (targets, names, toldTargets, told) => {
    const ia3 = adapterLayout(tinySpec, {
      ...settings,
      layers_to_transform: null,
      target_modules: targets,
      finetuning_type: 'ia3',
      feedforward_modules: names,
    });
    const written = adapterFiles({ layout: ia3, ...initialAdapter(ia3, 1), baseModel: 'some/base' });
    expect(JSON.parse(new TextDecoder().decode(written.get(ADAPTER_CONFIG)))).toMatchObject({
      target_modules: toldTargets ?? targets,
      feedforward_modules: told,
    });
    const read = await readAdapterFiles(folderOf(written), tinySpec);
    expect(read.layout.tensors.map(({ name, shape }) => [name, shape])).toEqual(
      ia3.tensors.map(({ name, shape }) => [name, shape]),
    );
  });
});
