import { isRecord } from '../../core/json';
import { chatTemplateSource } from '../../data/template';
import type { BaseUse } from '../../exports/card/base_use';
import type { LoadSettings } from '../../core/settings/settings';
import { ggufFamily } from '../../models/families';
import { readQuantizationConfig } from '../../models/stored/quantization_config';
import { baseNameOf, isRepoName } from '../models/base_name';
import { DEMO_FILES } from '../models/sources';
import type { ModelFacts, ModelIdentity } from '../models/open';

/** The families whose GGUF files Transformers reads, by llama.cpp's names (transformers 5.24, `GGUF_CONFIG_MAPPING`). */
const READ_AS_GGUF = ['gemma3', 'lfm2', 'llama', 'qwen2', 'qwen3'];

/** The open base. */
interface OpenBase {
  readonly identity: ModelIdentity;
  readonly facts: ModelFacts;
  readonly load: LoadSettings;
  /** Whether any of its matrices is quantised. */
  readonly isQuantised: boolean;
}

/**
 * How other programs load the base that is open.
 *
 * @param said where the person says that it comes from
 */
export function baseUse({ identity, facts, load, isQuantised }: OpenBase, said: string | undefined): BaseUse {
  const { baseModel: name, revision, gguf: named } = baseNameOf(identity, said);
  const isGguf = !('config.json' in facts.texts);
  const gguf = named ?? (isGguf && said === undefined ? 'model.gguf' : undefined);
  const config = isRecord(facts.config) ? facts.config : {};
  return {
    name,
    revision,
    isRepo: isRepoName(identity, said, name),
    ...(gguf !== undefined && { gguf, readsGguf: readsGguf(config) }),
    ...(identity.address !== undefined && {
      files: DEMO_FILES.map((file) => `${identity.address}${file}`),
    }),
    quantisation: !isQuantised ? 'none' : isGguf ? 'gguf' : quantisationOf(config, load),
    withImages: facts.spec.towers !== undefined,
    hasTemplate: chatTemplateSource(facts.tokenizerConfig, facts.templateFile) !== undefined,
  };
}

function quantisationOf(
  config: Readonly<Record<string, unknown>>,
  load: LoadSettings,
): BaseUse['quantisation'] {
  const { method } = readQuantizationConfig(config['quantization_config']);
  if (method !== 'none') return method;
  return load.bnb_4bit_use_double_quant ? 'nf4_double' : 'nf4';
}

function readsGguf({ model_type: type }: Readonly<Record<string, unknown>>): boolean {
  return READ_AS_GGUF.some((name) => ggufFamily(name)?.gguf?.modelType === type) || type === 'mistral';
}
