import type { LosslessJson } from '../../core/lossless_json';
import { cardOf } from '../card/card_of';
import { fieldsOfText, jsonText } from '../card/json_text';
import { CONFIG, smallFiles, TOKENIZER_CONFIG } from '../card/small_files';
import type { ExportSource, ExportUse } from '../format';
import { textFacts } from '../merged/tensors';
import { genaiConfig, layerTypes } from './genai_config';
import type { OnnxGraph } from './graph';
import type { Quantization } from './quantizations';
import { graphPositions } from './weights';

interface WrittenGraph {
  readonly graph: OnnxGraph;
  /** Name of the model's file. */
  readonly name: string;
  /** The files beside it. */
  readonly data: readonly unknown[];
  /** Whether the adapter is on other weights than those that it was trained on. */
  readonly isOriginal: boolean;
}

const POSITIONS = 'max_position_embeddings';

/** The small files of an ONNX folder, by name; config.json comes last. */
export function onnxSmallFiles(
  source: ExportSource,
  quantization: Quantization,
  written: WrittenGraph,
  uses: readonly ExportUse[],
): ReadonlyMap<string, string> {
  const { spec } = source.layout;
  const { graph, isOriginal } = written;
  const facts = spec.towers ? textFacts(source.facts, spec) : source.facts;
  const files = new Map(smallFiles(facts, quantization.float));
  const tokenizer = fieldsOfText(files.get(TOKENIZER_CONFIG) ?? '{}');
  // Without a class, onnxruntime-genai ignores the chat template.
  if (tokenizer && !tokenizer.has('tokenizer_class')) {
    tokenizer.set('tokenizer_class', 'PreTrainedTokenizerFast');
    files.set(TOKENIZER_CONFIG, `${jsonText(tokenizer)}\n`);
  }
  const config = fieldsOfText(files.get(CONFIG) ?? '{}') ?? new Map<string, LosslessJson>();
  // Rotary tables end there.
  const positions = graphPositions(source);
  if (Number(config.get(POSITIONS)) > positions) config.set(POSITIONS, positions);
  config.set('transformers.js_config', transformersConfig(quantization, written));
  // transformers.js reads them for models with short convolutions; config.json may have `full_attn_idxs` in their place.
  const types = layerTypes(graph, spec.blocks.length);
  if (types.includes('conv') && !config.has('layer_types')) config.set('layer_types', types);
  files.delete(CONFIG);
  files.set(
    'README.md',
    cardOf(
      source,
      { dtype: quantization.name, withImages: false, library: 'transformers.js', isOriginal },
      uses,
    ),
  );
  files.set('genai_config.json', `${jsonText(genaiConfig(source, graph, config, `onnx/${written.name}`))}\n`);
  return files.set(CONFIG, `${jsonText(config)}\n`);
}

/** The entries by which transformers.js finds the files; version 3 also reads the type of the caches here. */
function transformersConfig(
  { name, float }: Quantization,
  { name: model, data }: WrittenGraph,
): LosslessJson {
  return {
    dtype: name,
    use_external_data_format: { [model]: data.length },
    ...(float === 'float16' && { kv_cache_dtype: { [name]: float } }),
  };
}
