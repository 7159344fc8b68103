import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { bytesOf } from '../../src/core/bytes';
import { f32ToF16 } from '../../src/core/dtype';
import { normal } from '../../src/core/random';
import { DEFAULTS } from '../../src/core/settings/settings';
import { elementCount } from '../../src/core/shape';
import { writeSafetensors } from '../../src/formats/safetensors';
import { namedTensors } from '../../src/models/adapter_files';
import { adapterLayout } from '../../src/models/adapters/layout';
import { readSpec } from '../../src/models/config';
import { checkpointTensors, type ModelSpec } from '../../src/models/spec';
import { loadFixture, type Family } from '../parity/fixtures';
import type { TunedPaths } from './tuned';

/** A model made up for a test: a fixture’s config with changes, random weights and a random adapter on all linear layers. */
interface MadeModel {
  readonly like: Family;
  readonly config: Readonly<Record<string, unknown>>;
}

const wide = { hidden_size: 256, intermediate_size: 512, num_attention_heads: 4, num_key_value_heads: 2 };

/** Models that the fixtures lack: settings that llama.cpp supports, and rows of whole blocks of its k-quants. */
export const MADE_MODELS = {
  smollm3_interval_4: {
    like: 'smollm3',
    config: {
      num_hidden_layers: 4,
      no_rope_layer_interval: 4,
      no_rope_layers: [1, 1, 1, 0],
      layer_types: Array.from({ length: 4 }, () => 'full_attention'),
    },
  },
  gemma3_head_scale: {
    like: 'gemma3',
    config: { num_hidden_layers: 6, query_pre_attn_scalar: 32, sliding_window_pattern: 6 },
  },
  glm_whole_width: { like: 'glm', config: { head_dim: 16 } },
  yarn_usual_ramp: {
    like: 'llama_yarn',
    config: {
      attention_bias: false,
      mlp_bias: false,
      rope_scaling: { rope_type: 'yarn', factor: 4, original_max_position_embeddings: 128 },
    },
  },
  wide_llama: { like: 'llama', config: { ...wide, head_dim: 64, num_hidden_layers: 8 } },
  wide_qwen2_tied: { like: 'qwen2', config: { ...wide, num_hidden_layers: 9 } },
} as const satisfies Readonly<Record<string, MadeModel>>;

export type MadeName = keyof typeof MADE_MODELS;

/** Writes a model and its adapter below a folder. */
export async function writeMadeModel(name: MadeName, folder: string): Promise<TunedPaths> {
  const { like, config: changes } = MADE_MODELS[name];
  const { folder: source, expected } = loadFixture(like);
  const [base, adapter] = [join(folder, 'base'), join(folder, 'adapter')];
  await mkdir(base, { recursive: true });
  const stored = JSON.parse(await readFile(join(source, 'config.json'), 'utf8')) as object;
  const config = { ...stored, ...changes };
  await writeFile(join(base, 'config.json'), JSON.stringify(config));
  for (const file of ['tokenizer.json', 'tokenizer_config.json'])
    await cp(join(source, file), join(base, file));
  const spec = readSpec(config);
  const weights = checkpointTensors(spec).map(({ name: tensor, shape, kind, add }, number) => {
    const isNorm = kind === 'vector' && tensor.endsWith('norm.weight');
    const [mean, size] = isNorm ? [add ? 0 : 1, 0.2] : [0, kind === 'linear' ? 0.1 : 0.05];
    const values = f32ToF16(normals(shape, number, { mean, size }));
    return { name: tensor, dtype: 'F16' as const, shape, data: bytesOf(values) };
  });
  await writeFile(join(base, 'model.safetensors'), writeSafetensors(weights, { format: 'pt' }));

  await writeAdapter(spec, adapter);
  return { base, adapter, variant: 'f32', ids: expected.batch[0]!.input_ids };
}

/** Writes a random adapter on all linear layers of a model. */
export async function writeAdapter(spec: ModelSpec, adapter: string): Promise<void> {
  await mkdir(adapter, { recursive: true });
  const settings = { r: 4, lora_alpha: 8, lora_dropout: 0, target_modules: 'all-linear' as const };
  const layout = adapterLayout(spec, { ...DEFAULTS, ...settings });
  const parts = namedTensors(layout).map(({ name: tensor, tensor: { shape } }, number) => {
    const values = normals(shape, 1000 + number, { mean: 0, size: 0.1 });
    return { name: tensor, dtype: 'F32' as const, shape, data: bytesOf(values) };
  });
  await writeFile(join(adapter, 'adapter_model.safetensors'), writeSafetensors(parts, { format: 'pt' }));
  const adapterConfig = { peft_type: 'LORA', task_type: 'CAUSAL_LM', ...settings };
  await writeFile(join(adapter, 'adapter_config.json'), JSON.stringify(adapterConfig));
}

function normals(
  shape: readonly number[],
  stream: number,
  { mean, size }: { readonly mean: number; readonly size: number },
): Float32Array<ArrayBuffer> {
  return Float32Array.from(
    { length: elementCount(shape) },
    (_, index) => mean + size * normal(0, stream, index),
  );
}
