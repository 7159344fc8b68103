import { describe, expect, test } from 'vitest';
import { concatBytes } from '../../../../src/core/bytes';
import { memoryFile } from '../../../../src/core/file_reader';
import { normal } from '../../../../src/core/random';
import type { ExportSource } from '../../../../src/exports/format';
import { ggufLoraExport } from '../../../../src/exports/gguf/lora';
import { baseEntries } from '../../../../src/exports/gguf/names';
import { readGgufHeader } from '../../../../src/formats/gguf';
import {
  adapterLayout,
  readParameter,
  writeParameter,
  type AdapterLayout,
} from '../../../../src/models/adapters/layout';
import { readSpec } from '../../../../src/models/config';
import type { FileReader } from '../../../../src/models/folder';
import { readGgufAdapter } from '../../../../src/models/gguf_adapter';
import type { ModelSpec } from '../../../../src/models/spec';

const CONFIG = {
  architectures: ['LlamaForCausalLM'],
  hidden_size: 16,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 2,
  num_key_value_heads: 1,
  vocab_size: 32,
  max_position_embeddings: 64,
};
const SETTINGS = {
  r: 4,
  lora_alpha: 6,
  lora_dropout: 0,
  use_rslora: false,
  target_modules: 'all-linear',
} as const;

function madeUp(spec: ModelSpec, settings: Partial<Parameters<typeof adapterLayout>[1]>) {
  const layout = adapterLayout(spec, { ...SETTINGS, ...settings });
  const parameters = new Float32Array(layout.size);
  layout.tensors.forEach((tensor, stream) => {
    const count = tensor.shape.reduce((product, length) => product * length, 1);
    writeParameter(
      parameters,
      tensor,
      Float32Array.from({ length: count }, (_, i) => normal(7, stream, i)),
    );
  });
  return { layout, parameters };
}

async function written(spec: ModelSpec, adapter: ReturnType<typeof madeUp>): Promise<FileReader> {
  const base = {
    name: 'a/base',
    isRepo: true,
    revision: null,
    quantisation: 'none',
    withImages: false,
    hasTemplate: true,
  };
  const facts = { tokenizerConfig: { chat_template: '{{ messages }}' } };
  const source = { baseModel: 'a/base', base, facts, layout: { spec }, adapter, language: 'en' };
  const { files, uses } = await ggufLoraExport.plan(source as unknown as ExportSource, {});
  // llama.cpp would take the base's template, which may be another one.
  const template = files.find(({ name }) => name === 'chat_template.jinja')!;
  for await (const part of template.parts()) expect(new TextDecoder().decode(part)).toBe('{{ messages }}');
  expect(uses![0]!.code).toContain('--chat-template-file chat_template.jinja');
  const file = files.find(({ name }) => name.endsWith('.gguf'))!;
  const parts: Uint8Array[] = [];
  for await (const part of file.parts()) parts.push(part);
  const bytes = concatBytes(parts);
  expect(bytes.length).toBe(file.size);
  return memoryFile(file.name, bytes);
}

/** scale · B A of each module, by its path. */
function changes({ modules }: AdapterLayout, parameters: Float32Array): ReadonlyMap<string, Float64Array> {
  return new Map(
    modules.map(({ path, in: input, out, rank, scale, tensors }) => {
      const [A, B] = tensors.map((tensor) => readParameter(parameters, tensor));
      const change = new Float64Array(out * input);
      for (let row = 0; row < out; row++) {
        for (let j = 0; j < rank; j++) {
          const factor = scale * B![row * rank + j]!;
          for (let k = 0; k < input; k++) change[row * input + k]! += factor * A![j * input + k]!;
        }
      }
      return [path, change];
    }),
  );
}

describe('a LoRA file for llama.cpp', () => {
  test.each([
    ['plain LoRA', {}],
    ['rsLoRA', { use_rslora: true }],
    [
      'ranks and alphas by pattern',
      { rank_pattern: { q_proj: 8 }, alpha_pattern: { 'layers.1.mlp.up_proj': 3 } },
    ],
    ['some maps of one layer', { target_modules: ['q_proj', 'down_proj'], layers_to_transform: [1] }],
  ] as const)('changes the weights as the adapter does: %s', async (_, settings) => {
    const spec = readSpec(CONFIG);
    const adapter = madeUp(spec, settings);
    const read = await readGgufAdapter(await written(spec, adapter), spec);
    const own = changes(adapter.layout, adapter.parameters);
    const theirs = changes(read.layout, read.parameters);
    expect([...theirs.keys()]).toEqual([...own.keys()]);
    for (const [path, change] of own) {
      // Two factors are multiplied into B, each rounded to float32.
      change.forEach((value, i) =>
        expect(Math.abs(theirs.get(path)![i]! - value)).toBeLessThanOrEqual(2 ** -20 * 16),
      );
    }
  });

  test('has the rows of B in llama.cpp’s order, and A as it is', async () => {
    const spec = readSpec(CONFIG);
    const adapter = madeUp(spec, {});
    const file = await written(spec, adapter);
    const { metadata, tensors } = await readGgufHeader(file);
    expect(Object.fromEntries(metadata)).toMatchObject({
      'general.type': 'adapter',
      'general.architecture': 'llama',
      'adapter.type': 'lora',
      'adapter.lora.alpha': 4,
    });
    const valuesOf = async (name: string): Promise<Float32Array> => {
      const { begin, end, shape } = tensors.get(name)!;
      expect(shape).toEqual(name.endsWith('lora_a') ? [4, 16] : [16, 4]);
      return new Float32Array(new Uint8Array(await file.read(begin, end)).buffer);
    };
    const q = adapter.layout.modules[0]!;
    const [A, B] = q.tensors.map((tensor) => readParameter(adapter.parameters, tensor));
    expect(await valuesOf('blk.0.attn_q.weight.lora_a')).toEqual(A);
    // Row p of the first half of a head goes to 2 p, row p of the second half to 2 p + 1.
    const rows = [0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15];
    const expected = rows.flatMap((row) =>
      [...B!.subarray(row * 4, row * 4 + 4)].map((value) => value * 1.5),
    );
    expect([...(await valuesOf('blk.0.attn_q.weight.lora_b'))]).toEqual(expected.map(Math.fround));
  });

  test('is refused for DoRA, and as the adapter of another architecture', async () => {
    const spec = readSpec(CONFIG);
    const ofDora = written(spec, madeUp(spec, { use_dora: true }));
    await expect(ofDora).rejects.toMatchObject({ code: 'export_not_low_rank' });
    const file = await written(spec, madeUp(spec, {}));
    const other = readSpec({ ...CONFIG, architectures: ['Qwen2ForCausalLM'] });
    await expect(readGgufAdapter(file, other)).rejects.toMatchObject({ code: 'adapter_gguf' });
  });
});

test('the file names a repository with its owner, and no folders of a local base', () => {
  const baseOf = (baseModel: string, isRepo: boolean): unknown =>
    Object.fromEntries(
      baseEntries({ baseModel, base: { isRepo } as ExportSource['base'] }).map(([key, entry]) => [
        key.replace('general.base_model.', ''),
        entry,
      ]),
    );
  expect(baseOf('anna/base', true)).toMatchObject({
    '0.name': { value: 'base' },
    '0.organization': { value: 'anna' },
  });
  for (const path of ['models/tiny', 'C:\\Users\\anna\\tiny', '/home/anna/tiny.gguf']) {
    expect(JSON.stringify(baseOf(path, false))).not.toMatch(/anna|models|gguf/);
    expect(baseOf(path, false)).toMatchObject({ '0.name': { value: 'tiny' } });
  }
});
