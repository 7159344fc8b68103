import * as v from 'valibot';
import { TunesmithError } from '../core/errors';
import { isRecord, type JsonObject } from '../core/json';
import { repetitionsOf } from '../core/pattern_work';
import { message, type Message } from '../core/messages/message';
import { issueReason, reason } from '../core/issue_reason';
import { pythonRegex } from './python_regex';

/** The fields of an `adapter_config.json` that this program uses, by PEFT's names. */
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
  /** Ranks and alphas of modules by regular expressions for their paths; the first match counts. */
  readonly rank_pattern: Readonly<Record<string, number>>;
  readonly alpha_pattern: Readonly<Record<string, number>>;
  /** The layers to which a list of `target_modules` applies; all if null. */
  readonly layers_to_transform: readonly number[] | null;
  /** Names that precede the layer's number in a path. */
  readonly layers_pattern: readonly string[] | null;
  /** Modules to leave out, written like `target_modules`. */
  readonly exclude_modules: readonly string[] | string | null;
}

/**
 * The `adapter_config.json` of an adapter made by this program: only fields that old and new versions of PEFT know.
 * `target_modules` must be names or an expression: PEFT too writes the modules that `all-linear` meant.
 */
export function adapterConfig(config: Omit<LoraConfig, 'layers_pattern' | 'exclude_modules'>): JsonObject {
  return {
    alpha_pattern: { ...config.alpha_pattern },
    auto_mapping: null,
    base_model_name_or_path: config.base_model_name_or_path,
    bias: 'none',
    fan_in_fan_out: false,
    inference_mode: true,
    init_lora_weights: true,
    layers_pattern: null,
    layers_to_transform: config.layers_to_transform && [...config.layers_to_transform],
    lora_alpha: config.lora_alpha,
    lora_dropout: config.lora_dropout,
    modules_to_save: null,
    peft_type: 'LORA',
    r: config.r,
    rank_pattern: { ...config.rank_pattern },
    revision: config.revision,
    target_modules:
      typeof config.target_modules === 'string' ? config.target_modules : [...config.target_modules],
    task_type: 'CAUSAL_LM',
    use_dora: config.use_dora,
    use_rslora: config.use_rslora,
  };
}

const names = v.union([v.pipe(v.string(), v.minLength(1)), v.array(v.string())]);
const rank = v.pipe(v.number(), v.integer(), v.minValue(1));
const layer = v.pipe(v.number(), v.integer(), v.minValue(0));

const loraConfig = v.object({
  peft_type: v.literal('LORA', reason('adapter_not_lora')),
  task_type: v.nullish(v.literal('CAUSAL_LM', reason('adapter_not_causal'))),
  base_model_name_or_path: v.nullish(v.string(), null),
  revision: v.nullish(v.string(), null),
  r: rank,
  lora_alpha: v.pipe(v.number(), v.finite()),
  lora_dropout: v.optional(v.pipe(v.number(), v.minValue(0), v.ltValue(1)), 0),
  target_modules: v.union(
    [v.pipe(v.string(), v.minLength(1)), v.pipe(v.array(v.string()), v.minLength(1))],
    reason('adapter_without_targets'),
  ),
  use_rslora: v.nullish(v.boolean(), false),
  use_dora: v.nullish(v.boolean(), false),
  rank_pattern: v.nullish(v.record(v.string(), rank), {}),
  alpha_pattern: v.nullish(v.record(v.string(), v.pipe(v.number(), v.finite())), {}),
  layers_to_transform: v.nullish(v.union([layer, v.array(layer)]), null),
  layers_pattern: v.nullish(names, null),
  exclude_modules: v.nullish(names, null),
  modules_to_save: v.nullish(v.pipe(v.array(v.string()), v.maxLength(0, reason('adapter_whole_modules')))),
  bias: v.optional(v.literal('none', reason('adapter_bias')), 'none'),
  // Other initialisations change the base weights, so the adapter does not fit the original base.
  init_lora_weights: v.nullish(
    v.union([v.boolean(), v.picklist(['gaussian', 'orthogonal', 'eva'])], reason('adapter_base_changed')),
    true,
  ),
});

/** Fields without an effect on the arithmetic, or without one beyond that of the fields above. */
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
  'ensure_weight_tying',
]);

/**
 * Reads an `adapter_config.json`.
 *
 * @throws TunesmithError that names the field, if it is missing, malformed, or asks for unsupported arithmetic
 *   (`rank_pattern`, `modules_to_save`, …). Refuses an unknown field as well, unless it is empty, null or false.
 */
export function parseAdapterConfig(json: unknown, file = 'adapter_config.json'): LoraConfig {
  if (!isRecord(json)) throw refusal(file, message('adapter_not_object'));
  const parsed = v.safeParse(loraConfig, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw refusal(
      file,
      message('adapter_field', { field: v.getDotPath(issue) ?? '', reason: issueReason(issue) }),
    );
  }
  for (const [field, value] of Object.entries(json)) {
    if (Object.hasOwn(loraConfig.entries, field) || harmless.has(field) || isNeutral(value)) continue;
    throw refusal(file, message('adapter_field_unknown', { field, value: JSON.stringify(value) }));
  }
  const { output } = parsed;
  const { base_model_name_or_path, revision, r, lora_alpha, lora_dropout, target_modules } = output;
  const { use_rslora, use_dora, rank_pattern, alpha_pattern, exclude_modules } = output;
  return {
    ...{ base_model_name_or_path, revision, r, lora_alpha, lora_dropout, target_modules },
    ...{ use_rslora, use_dora, rank_pattern, alpha_pattern, exclude_modules },
    layers_to_transform: listOf(output.layers_to_transform),
    layers_pattern: listOf(output.layers_pattern),
  };
}

/** Makes a list of one value or several; null stays null. */
function listOf<T extends string | number>(value: T | readonly T[] | null): readonly T[] | null {
  const list = value === null || typeof value === 'object' ? value : [value];
  return list?.length === 0 ? null : list;
}

function isNeutral(value: unknown): boolean {
  if (value === null || value === false || value === '') return true;
  return typeof value === 'object' && Object.keys(value).length === 0;
}

function refusal(file: string, fault: Message): TunesmithError {
  return new TunesmithError({ code: 'adapter_config', values: { file, fault } });
}

/** The fields of an adapter's config that select its modules. */
export type Targets = Pick<
  LoraConfig,
  'target_modules' | 'layers_to_transform' | 'layers_pattern' | 'exclude_modules'
>;

/**
 * Selects the linear modules of a model that a config targets, by PEFT's rules: `all-linear` is every one but the
 * output head; another string is a regular expression for the whole path; a list names paths or their ends. Names that
 * the model lacks are ignored, because lists are written for many families.
 *
 * @param linearModules paths of the model's linear modules, such as `model.layers.0.self_attn.q_proj`
 * @throws TunesmithError `target_modules` if nothing matches, or an expression can't be read
 */
export function targetedModules(targets: Targets, linearModules: readonly string[]): string[] {
  const { target_modules: wanted, exclude_modules: excluded, layers_to_transform: layers } = targets;
  const isWanted = wanted === 'all-linear' ? (path: string) => path !== 'lm_head' : matcher(wanted);
  const isExcluded = excluded === null || excluded.length === 0 ? () => false : matcher(excluded);
  const isInLayers = (path: string): boolean =>
    typeof wanted === 'string' || layers === null || layers.includes(layerOf(path, targets.layers_pattern));
  const chosen = linearModules.filter((path) => isWanted(path) && !isExcluded(path) && isInLayers(path));
  if (chosen.length > 0) return chosen;
  const names = [...new Set(linearModules.map((path) => path.split('.').at(-1) ?? path))];
  throw new TunesmithError({ code: 'target_modules', values: { modules: JSON.stringify(wanted), names } });
}

/** A predicate for paths: a regular expression for the whole path, or a list of paths and ends of paths. */
function matcher(pattern: readonly string[] | string): (path: string) => boolean {
  if (typeof pattern !== 'string') {
    return (path) => pattern.some((name) => path === name || path.endsWith(`.${name}`));
  }
  const expression = readExpression(pattern);
  return (path) => expression.test(path);
}

/** The number in a path that PEFT takes as the layer's: the first, or the first behind one of the given names. */
export function layerOf(path: string, before: LoraConfig['layers_pattern'] = null): number {
  const places = before?.map((name) => readExpression(`(?:|.*?\\.)(?:${name})\\.([0-9]+)\\..*`)) ?? [
    /^.*?\.[^.]*\.([0-9]+)\./,
  ];
  const index = places.map((place) => place.exec(path)?.[1]).find((found) => found !== undefined);
  return Number(index ?? NaN);
}

/**
 * Reads `rank_pattern` or `alpha_pattern`. The result maps a module's path to the value of the first pattern that
 * matches the path or an end of it, as in PEFT. Throws `target_modules` if a pattern can't be read, or if matching all
 * of them would take too long.
 */
export function patternValues(
  patterns: Readonly<Record<string, number>>,
): (path: string) => number | undefined {
  let repetitions = 0;
  const readers = Object.entries(patterns).map(([pattern, value]) => {
    const { source, flags } = readExpression(`(?:${pattern})`, MOST_REPETITIONS - 1);
    repetitions += repetitionsOf(source, REFERENCE);
    if (repetitions > MOST_IN_PATTERNS) throw tooMuchWork(pattern);
    // Sticky, so that `^` still stands for the whole path's beginning.
    const expression = new RegExp(source.slice(1), `${flags}y`);
    const matchesAt = (path: string, at: number): boolean => {
      expression.lastIndex = at;
      return expression.test(path);
    };
    const matches = (path: string): boolean =>
      matchesAt(path, 0) || [...path.matchAll(/\./g)].some(({ index }) => matchesAt(path, index + 1));
    return { value, matches };
  });
  return (path) => readers.find(({ matches }) => matches(path))?.value;
}

/** Most unbounded repetitions in a row of an expression. Paths are short: four take about a million steps. */
const MOST_REPETITIONS = 4;
/** A back-reference compares once, and counts as one repetition. */
const REFERENCE = 1;
/** Most repetitions of all patterns of `rank_pattern` or `alpha_pattern` together; plain names have none. */
const MOST_IN_PATTERNS = 200;

function readExpression(pattern: string, most = MOST_REPETITIONS): RegExp {
  const expression = pythonRegex(pattern);
  if (expression && repetitionsOf(expression.source, REFERENCE) > most) throw tooMuchWork(pattern);
  if (expression) return expression;
  throw unusable(pattern, false);
}

function tooMuchWork(pattern: string): TunesmithError {
  return unusable(pattern, true);
}

/** @param endless whether matching could take forever; otherwise the pattern can't be read */
function unusable(pattern: string, endless: boolean): TunesmithError {
  return new TunesmithError({
    code: 'target_modules_expression',
    values: { pattern: shortened(pattern), endless },
  });
}

function shortened(pattern: string): string {
  return pattern.length > 100 ? `${pattern.slice(0, 99)}…` : pattern;
}

export interface AdapterTensorName {
  /** Path of the linear module within the model, such as `model.layers.0.self_attn.q_proj`. */
  readonly module: string;
  /** The tensor's part of the adapter: `lora_A.weight`, `lora_magnitude_vector`. */
  readonly part: string;
}

/** Name of a tensor in `adapter_model.safetensors`. */
export function adapterTensorName({ module, part }: AdapterTensorName): string {
  return `base_model.model.${module}.${part}`;
}

const TENSOR_NAME =
  /^base_model\.model\.(.+)\.(?:(lora_[AB])(?:\.default)?\.weight|(lora_magnitude_vector)(?:\.default)?(?:\.weight)?)$/;

/**
 * Parses a tensor's name, with or without the adapter's own name ("default") in it. Undefined if the tensor is no part
 * of an adapter beside a linear module.
 */
export function parseAdapterTensorName(name: string): AdapterTensorName | undefined {
  const [, module, matrix, magnitude] = TENSOR_NAME.exec(name) ?? [];
  const part = matrix === undefined ? magnitude : `${matrix}.weight`;
  return module === undefined || part === undefined ? undefined : { module, part };
}
