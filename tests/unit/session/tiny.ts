import { fileURLToPath } from 'node:url';
import { openFolder } from '../../../src/cli/files';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { readSpec } from '../../../src/models/config';
import type { ModelFolder } from '../../../src/models/files';
import type { ModelSpec } from '../../../src/models/spec';
import { openFolderModel } from '../../../src/session/models/loadable';
import type { OpenModel } from '../../../src/session/models/open';

/** A model whose linear maps all have different shapes. */
export const tinySpec: ModelSpec = readSpec({
  architectures: ['LlamaForCausalLM'],
  model_type: 'llama',
  vocab_size: 96,
  hidden_size: 64,
  intermediate_size: 192,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 32,
  max_position_embeddings: 128,
  rms_norm_eps: 1e-5,
  hidden_act: 'silu',
  rope_theta: 10000,
  tie_word_embeddings: true,
});

/** The folder of a model of the parity fixtures. */
export function openTinyFolder(): Promise<ModelFolder> {
  const path = fileURLToPath(new URL('../../parity/fixtures/qwen3/', import.meta.url));
  return openFolder(path, 'model');
}

/** The model of this folder, opened without a device: its spec, its tokenizer and its chat template. */
export async function openTinyModel(): Promise<OpenModel> {
  const identity = { name: 'tiny', source: 'files' } as const;
  return (await openFolderModel(await openTinyFolder(), identity, DEFAULTS)).open;
}
