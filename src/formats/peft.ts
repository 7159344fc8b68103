import { TunesmithError } from '../core/errors';
import { repetitionsOf } from '../core/pattern_work';
import type { Targets } from './peft_config';
import { pythonRegex } from './python_regex';

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
export function layerOf(path: string, before: Targets['layers_pattern'] = null): number {
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

/** Name of a tensor that several modules share. */
export function sharedTensorName(part: string): string {
  return `base_model.${part}`;
}

/**
 * A tensor's name without the adapter's own name ("default") in it, and without the `weight` that some versions of PEFT
 * append to the name of a vector.
 */
export function plainTensorName(name: string): string {
  return name.replace(/\.default(?=\.weight$|$)/, '').replace(/(lora_magnitude_vector)\.weight$/, '$1');
}
