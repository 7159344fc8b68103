import * as v from 'valibot';
import { TunesmithError } from '../core/errors';
import { isRecord, type JsonObject } from '../core/json';

/** What of an `adapter_config.json` matters here, by PEFT's names. */
export interface LoraConfig {
  readonly base_model_name_or_path: string | null;
  readonly revision: string | null;
  readonly r: number;
  /** The adapter's output is scaled by lora_alpha / r, or by lora_alpha / √r with `use_rslora`. */
  readonly lora_alpha: number;
  readonly lora_dropout: number;
  /** Names of modules (or ends of their paths); or one regular expression; or `all-linear`. */
  readonly target_modules: readonly string[] | string;
  readonly use_rslora: boolean;
  /** Weight-decomposed LoRA. */
  readonly use_dora: boolean;
}

/**
 * The `adapter_config.json` of an adapter made here: only fields that old and new versions of PEFT know.
 * `target_modules` must be names by now, since PEFT writes out which modules `all-linear` meant as well.
 */
export function adapterConfig(
  config: Omit<LoraConfig, 'target_modules'> & { readonly target_modules: readonly string[] },
): JsonObject {
  return {
    alpha_pattern: {},
    auto_mapping: null,
    base_model_name_or_path: config.base_model_name_or_path,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: null,
    lora_alpha: config.lora_alpha,
    lora_dropout: config.lora_dropout,
    modules_to_save: null,
    peft_type: 'LORA',
    r: config.r,
    rank_pattern: {},
    revision: config.revision,
    target_modules: [...config.target_modules],
    task_type: 'CAUSAL_LM',
    use_dora: config.use_dora,
    use_rslora: config.use_rslora,
  };
}

const loraConfig = v.object({
  peft_type: v.literal('LORA', 'only LORA adapters are supported'),
  task_type: v.nullish(v.literal('CAUSAL_LM', 'only adapters of causal language models are supported')),
  base_model_name_or_path: v.nullish(v.string(), null),
  revision: v.nullish(v.string(), null),
  r: v.pipe(v.number(), v.integer(), v.minValue(1)),
  lora_alpha: v.pipe(v.number(), v.finite()),
  lora_dropout: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1)), 0),
  target_modules: v.union(
    [v.pipe(v.string(), v.minLength(1)), v.pipe(v.array(v.string()), v.minLength(1))],
    'must name the modules that have an adapter',
  ),
  use_rslora: v.nullish(v.boolean(), false),
  use_dora: v.nullish(v.boolean(), false),
  bias: v.optional(v.literal('none', 'trained biases are not supported'), 'none'),
  // Other ways to initialise have changed the base weights that the adapter belongs to.
  init_lora_weights: v.nullish(
    v.union(
      [v.boolean(), v.picklist(['gaussian', 'orthogonal', 'eva'])],
      'such an adapter belongs to base weights that its initialisation has changed; convert it to plain LoRA first',
    ),
    true,
  ),
});

/** Fields that say nothing about the arithmetic, or nothing that the ones above don't decide. */
const harmless = new Set([
  'auto_mapping',
  'inference_mode',
  'peft_version',
  'megatron_core',
  'loftq_config',
  'eva_config',
  'corda_config',
  'lora_ga_config',
  'qalora_group_size',
  'layers_pattern',
  'ensure_weight_tying',
]);

/**
 * Reads an `adapter_config.json`.
 *
 * @throws TunesmithError that names the field, where it is missing, malformed, or asks for arithmetic that is not
 *   supported here (`rank_pattern`, `modules_to_save`, …). A field that is not known is refused as well,
 *   unless it is empty, null or false.
 */
export function parseAdapterConfig(json: unknown, file = 'adapter_config.json'): LoraConfig {
  if (!isRecord(json)) throw refusal(file, 'is no JSON object', '');
  const parsed = v.safeParse(loraConfig, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw refusal(file, `has a ${v.getDotPath(issue) ?? 'field'} that can't be used`, issue.message);
  }
  for (const [field, value] of Object.entries(json)) {
    if (Object.hasOwn(loraConfig.entries, field) || harmless.has(field) || isNeutral(value)) continue;
    throw refusal(file, `sets ${field}, which is not supported`, `${field} is ${JSON.stringify(value)}`);
  }
  const { base_model_name_or_path, revision, r, lora_alpha, lora_dropout, target_modules } = parsed.output;
  const { use_rslora, use_dora } = parsed.output;
  const own = { r, lora_alpha, lora_dropout, target_modules, use_rslora, use_dora };
  return { base_model_name_or_path, revision, ...own };
}

function isNeutral(value: unknown): boolean {
  if (value === null || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function refusal(file: string, what: string, detail: string): TunesmithError {
  return new TunesmithError({
    code: 'adapter_config',
    message: `${file} ${what}${detail ? `: ${detail}` : ''}.`,
    hint: 'Use an adapter of plain LoRA, as PEFT saves it.',
  });
}

/**
 * Which of a model's linear modules `target_modules` means, as PEFT decides it: `all-linear` is every one but
 * the output head; another string is a regular expression for the whole path; a list names paths or their ends.
 *
 * @param linearModules paths of the model's linear modules, such as `model.layers.0.self_attn.q_proj`
 * @throws TunesmithError where nothing is matched, or an entry of a list matches nothing
 */
export function targetedModules(
  target: readonly string[] | string,
  linearModules: readonly string[],
): string[] {
  const matches = (pattern: string): string[] => {
    const chosen = linearModules.filter((path) => path === pattern || path.endsWith(`.${pattern}`));
    if (chosen.length === 0) throw noMatch(pattern, linearModules);
    return chosen;
  };
  if (typeof target !== 'string') {
    const chosen = new Set(target.flatMap(matches));
    return linearModules.filter((path) => chosen.has(path));
  }
  if (target === 'all-linear') return linearModules.filter((path) => path !== 'lm_head');
  let expression: RegExp;
  try {
    expression = new RegExp(`^(?:${target})$`, 'u');
  } catch (cause) {
    throw new TunesmithError({
      code: 'target_modules',
      message: `target_modules "${target}" is no regular expression.`,
      hint: 'Give names of modules as a list, or all-linear.',
      cause,
    });
  }
  const chosen = linearModules.filter((path) => expression.test(path));
  if (chosen.length === 0) throw noMatch(target, linearModules);
  return chosen;
}

function noMatch(pattern: string, linearModules: readonly string[]): TunesmithError {
  const names = [...new Set(linearModules.map((path) => path.split('.').at(-1)))].join(', ');
  return new TunesmithError({
    code: 'target_modules',
    message: `target_modules: no linear module of this model matches "${pattern}".`,
    hint: `Choose among ${names}, or all-linear.`,
  });
}

export interface AdapterTensorName {
  /** Path of the linear module within the model, such as `model.layers.0.self_attn.q_proj`. */
  readonly module: string;
  /** What the tensor is to it: `lora_A.weight`, `lora_magnitude_vector`. */
  readonly part: string;
}

/** Name of a tensor in `adapter_model.safetensors`. */
export function adapterTensorName({ module, part }: AdapterTensorName): string {
  return `base_model.model.${module}.${part}`;
}

/** What a tensor's name says, or undefined if it is no part of an adapter beside a linear module. */
export function parseAdapterTensorName(name: string): AdapterTensorName | undefined {
  const [, module, part] =
    /^base_model\.model\.(.+)\.(lora_[AB]\.weight|lora_magnitude_vector)$/.exec(name) ?? [];
  return module === undefined || part === undefined ? undefined : { module, part };
}
