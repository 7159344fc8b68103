import { isRecord } from '../../core/json';
import type { LosslessJson } from '../../core/lossless_json';
import type { OnnxValue } from '../../formats/onnx/model';
import type { ExportSource } from '../format';
import type { OnnxGraph } from './graph';
import { graphPositions } from './weights';

/** onnxruntime-genai's names of families, if they differ from this program's. `llama` stands for any plain decoder. */
const TYPES: Readonly<Record<string, string>> = { gemma3: 'gemma3_text', glm: 'llama' };

const KEY = /^past_key_values\.\d+\.key$/;
const STATE = /^past_conv\.\d+$/;

/**
 * genai_config.json, by which onnxruntime-genai opens the folder.
 *
 * @param config the model's config.json
 * @param model the path of the model's file
 */
export function genaiConfig(
  source: ExportSource,
  graph: OnnxGraph,
  config: ReadonlyMap<string, LosslessJson>,
  model: string,
): LosslessJson {
  const { spec } = source.layout;
  const context = graphPositions(source);
  const [keys, states] = [KEY, STATE].map((name) => graph.inputs.find((input) => name.test(input.name)));
  const names = (part: string, inputs: string, outputs: string) => ({
    inputs: { [`past_${part}_names`]: inputs },
    outputs: { [`present_${part}_names`]: outputs },
  });
  const caches = [
    ...(keys
      ? ['key', 'value'].map((part) => names(part, `past_key_values.%d.${part}`, `present.%d.${part}`))
      : []),
    ...(states ? [names('conv', 'past_conv.%d', 'present_conv.%d')] : []),
  ];
  return {
    model: {
      type: TYPES[spec.family] ?? spec.family,
      vocab_size: spec.vocabularySize,
      context_length: context,
      ...tokensOf(source, config),
      decoder: {
        session_options: { provider_options: [] },
        filename: model,
        hidden_size: spec.hiddenSize,
        num_hidden_layers: spec.blocks.length,
        ...headsOf(graph, keys),
        ...(states && {
          layer_types: layerTypes(graph, spec.blocks.length),
          conv_cache_size: states.shape[2] ?? 0,
        }),
        inputs: Object.assign(
          { input_ids: 'input_ids', attention_mask: 'attention_mask' },
          ...caches.map(({ inputs }) => inputs),
        ) as Record<string, string>,
        outputs: Object.assign({ logits: 'logits' }, ...caches.map(({ outputs }) => outputs)) as Record<
          string,
          string
        >,
      },
    },
    search: { max_length: context, do_sample: false, past_present_share_buffer: states === undefined },
  };
}

/** The kind of each layer of a graph whose layers are attention or short convolutions, as config.json names them. */
export function layerTypes({ inputs }: OnnxGraph, layers: number): readonly string[] {
  return Array.from({ length: layers }, (_, layer) =>
    inputs.some(({ name }) => name === `past_conv.${layer}`) ? 'conv' : 'full_attention',
  );
}

/** Ids of special tokens: those that generation uses, or else those of the model's configuration. */
function tokensOf(
  { facts }: ExportSource,
  config: ReadonlyMap<string, LosslessJson>,
): Readonly<Record<string, LosslessJson>> {
  const generation = isRecord(facts.generationConfig) ? facts.generationConfig : {};
  const ids = ['bos_token_id', 'eos_token_id', 'pad_token_id'].map(
    (name) => [name, (generation[name] as LosslessJson | undefined) ?? config.get(name)] as const,
  );
  return Object.fromEntries(
    ids.flatMap(([name, id]) => (id === undefined || id === null ? [] : [[name, id]])),
  );
}

/** Sizes of the heads, from the graph itself. */
function headsOf(graph: OnnxGraph, keys: OnnxValue | undefined): Readonly<Record<string, LosslessJson>> {
  const attention = graph.nodes.find(({ type }) => type === 'GroupQueryAttention');
  const heads = attention?.attributes['num_heads'];
  if (!keys || !heads || !('int' in heads)) return {};
  return {
    num_attention_heads: heads.int,
    num_key_value_heads: Number(keys.shape[1]),
    head_size: Number(keys.shape[3]),
  };
}
