import * as v from 'valibot';
import { TunesmithError } from '../core/errors';
import { ernie45Spec } from './families/ernie4_5';
import { gemma3Spec } from './families/gemma3';
import { glmSpec } from './families/glm';
import { llamaSpec } from './families/llama';
import { mistralSpec } from './families/mistral';
import { qwen2Spec } from './families/qwen2';
import { qwen3Spec } from './families/qwen3';
import { smolLM3Spec } from './families/smollm3';
import type { ModelSpec } from './spec';

/**
 * By the name of the architecture. One more family is one more file that reads its config.json into a spec, for the decoder
 * to follow, and its cases in the tests.
 */
const FAMILIES: Readonly<Record<string, (config: unknown) => ModelSpec>> = {
  LlamaForCausalLM: llamaSpec,
  MistralForCausalLM: mistralSpec,
  Qwen2ForCausalLM: qwen2Spec,
  Qwen3ForCausalLM: qwen3Spec,
  SmolLM3ForCausalLM: smolLM3Spec,
  Gemma3ForCausalLM: gemma3Spec,
  Ernie4_5ForCausalLM: ernie45Spec,
  GlmForCausalLM: glmSpec,
};

/** What config.json may ask for. */
export const ARCHITECTURES: readonly string[] = Object.keys(FAMILIES);

const Architectures = v.object({ architectures: v.pipe(v.array(v.string()), v.minLength(1)) });

/**
 * The spec of a parsed config.json. Throws `config_invalid` where it is none, `architecture_unsupported` for other
 * families, and `config_unsupported` naming the field for arithmetic that is not built.
 */
export function readSpec(config: unknown): ModelSpec {
  const parsed = v.safeParse(Architectures, config);
  if (!parsed.success) {
    throw new TunesmithError({
      code: 'config_invalid',
      message: 'config.json names no architecture, so it is no model’s configuration.',
      hint: 'Take the config.json from the folder of a Transformers checkpoint.',
    });
  }
  const name = parsed.output.architectures[0] ?? '';
  const read = Object.hasOwn(FAMILIES, name) ? FAMILIES[name] : undefined;
  if (!read) {
    throw new TunesmithError({
      code: 'architecture_unsupported',
      message: `config.json asks for ${name}, which is not among the families that can be trained here.`,
      hint: `Choose a model of one of these: ${ARCHITECTURES.join(', ')}.`,
    });
  }
  return read(config);
}
