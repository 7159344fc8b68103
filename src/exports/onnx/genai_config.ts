import type { LosslessJson } from '../../core/lossless_json';
import type { ExportSource } from '../format';
import { graphPositions } from './weights';

/** genai_config.json, by which onnxruntime-genai opens the folder. */
export function genaiConfig(
  source: ExportSource,
  config: ReadonlyMap<string, LosslessJson>,
  model: string,
): LosslessJson {
  const { spec } = source.layout;
  const context = graphPositions(source);
  const caches = (time: string): Record<string, LosslessJson> =>
    Object.fromEntries(
      ['key', 'value'].map((part) => [`${time}_${part}_names`, `${NAMES[time]}.%d.${part}`]),
    );
  const tokens = ['bos_token_id', 'eos_token_id', 'pad_token_id'].flatMap((name) => {
    const id = config.get(name);
    return id === undefined || id === null ? [] : [[name, id] as const];
  });
  const number = (name: string): LosslessJson => config.get(name) ?? null;
  return {
    model: {
      type: 'llama',
      vocab_size: spec.vocabularySize,
      context_length: context,
      ...Object.fromEntries(tokens),
      decoder: {
        session_options: { provider_options: [] },
        filename: `onnx/${model}`,
        hidden_size: spec.hiddenSize,
        num_attention_heads: number('num_attention_heads'),
        num_key_value_heads: number('num_key_value_heads'),
        num_hidden_layers: spec.blocks.length,
        inputs: { input_ids: 'input_ids', attention_mask: 'attention_mask', ...caches('past') },
        outputs: { logits: 'logits', ...caches('present') },
      },
    },
    search: { max_length: context, do_sample: false, past_present_share_buffer: true },
  };
}

const NAMES: Readonly<Record<string, string>> = { past: 'past_key_values', present: 'present' };
