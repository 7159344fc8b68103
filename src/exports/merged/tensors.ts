import { isFloatDtype, type FloatDtype } from '../../core/dtype';
import { fieldsOf, type LosslessJson } from '../../core/lossless_json';
import { message, type Message } from '../../core/messages/message';
import { elementCount, type Shape } from '../../core/shape';
import { readSpec } from '../../models/config';
import { FAMILIES } from '../../models/families';
import { checkpointTensors, type ModelSpec, type TensorSpec } from '../../models/spec';
import type { StoredTensor } from '../../models/stored/stored_weight';
import { PROCESSOR_FILES } from '../../models/tokenizer_files';
import type { ExportSource } from '../format';
import { fieldsOfText, jsonText } from '../card/json_text';
import { CONFIG, type SmallFacts } from '../card/small_files';

/** A tensor of a merged checkpoint. */
export interface MergedTensor {
  /** Its name in the written files. */
  readonly name: string;
  readonly shape: Shape;
  readonly dtype: FloatDtype;
  readonly bytes: number;
  /** Its source: a tensor of the text part in the base, or of a tower in the base's files. */
  readonly from: TensorSpec | StoredTensor;
}

/** The contents of a merged checkpoint. */
export interface MergedModel {
  readonly facts: SmallFacts;
  readonly spec: ModelSpec;
  readonly tensors: readonly MergedTensor[];
  readonly notes: readonly Message[];
}

/**
 * A model with towers is exported completely if its files are available: the towers' bytes are copied, and all tensors
 * keep the files' names. If the files are gone, or their towers are quantised, only the text part is exported, with the
 * family's own architecture.
 */
export function mergedModel({ facts, towers }: ExportSource, dtype: FloatDtype): MergedModel {
  const spec = readSpec(facts.config);
  const text = (name: string, from: TensorSpec): MergedTensor => ({
    ...{ name, shape: from.shape, dtype, from },
    bytes: elementCount(from.shape) * (dtype === 'F32' ? 4 : 2),
  });
  const own = checkpointTensors(spec);
  if (!spec.towers) return { facts, spec, tensors: own.map((from) => text(from.name, from)), notes: [] };
  const ofTowers = towers && towerTensors(towers.tensors.values());
  if (ofTowers) {
    const { textNames } = towers;
    const tensors = [...own.map((from) => text(textNames.get(from.name) ?? from.name, from)), ...ofTowers];
    return { facts, spec, tensors, notes: [] };
  }
  const textOnly = textFacts(facts, spec);
  const textSpec = readSpec(textOnly.config);
  // Both list the same tensors in the same order.
  const names = checkpointTensors(textSpec).map(({ name }) => name);
  const tensors = own.map((from, index) => text(names[index]!, from));
  const note = towers ? message('images_quantised') : message('images_not_here');
  return { facts: textOnly, spec: textSpec, tensors, notes: [note] };
}

/** The towers' tensors; undefined if one of them is no plain array of floats. */
function towerTensors(stored: Iterable<StoredTensor>): readonly MergedTensor[] | undefined {
  const tensors: MergedTensor[] = [];
  for (const from of stored) {
    const { name, shape, dtype, begin, end } = from;
    if (!isFloatDtype(dtype)) return undefined;
    tensors.push({ name, shape, dtype, bytes: end - begin, from });
  }
  return tensors;
}

/** Fields beside `text_config` that also apply to the text part. */
const SHARED = [
  'bos_token_id',
  'eos_token_id',
  'pad_token_id',
  'dtype',
  'torch_dtype',
  'transformers_version',
];

/** The small files for only the text part: `text_config` becomes a config.json of the family's own architecture. */
export function textFacts(facts: SmallFacts, { family: name, tiedHead }: ModelSpec): SmallFacts {
  const family = FAMILIES.find((each) => each.name === name);
  const whole = fieldsOfText(facts.texts[CONFIG] ?? '{}') ?? new Map<string, LosslessJson>();
  const fields = new Map(Object.entries(fieldsOf(whole.get('text_config')) ?? {}));
  const shared = SHARED.filter((field) => whole.has(field) && !fields.has(field));
  for (const field of shared) fields.set(field, whole.get(field) ?? null);
  if (family?.gguf && !fields.has('model_type')) fields.set('model_type', family.gguf.modelType);
  fields.set('architectures', [family?.architecture ?? '']);
  fields.set('tie_word_embeddings', tiedHead);
  const text = jsonText(fields);
  const config: unknown = JSON.parse(text);
  const texts = Object.entries({ ...facts.texts, [CONFIG]: text });
  return {
    ...facts,
    config,
    texts: Object.fromEntries(texts.filter(([file]) => !PROCESSOR_FILES.includes(file))),
  };
}
