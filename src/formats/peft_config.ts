import * as v from 'valibot';
import { TunesmithError } from '../core/errors';
import { isRecord, type JsonObject } from '../core/json';
import { message, type Message } from '../core/messages/message';
import { issueReason, reason } from '../core/issue_reason';

/** The fields of an adapter's config that select its modules. */
export interface Targets {
  /** Names of modules (or ends of their paths); or one regular expression; or `all-linear`. */
  readonly target_modules: readonly string[] | string;
  /** The layers to which a list of `target_modules` applies; all if null. */
  readonly layers_to_transform: readonly number[] | null;
  /** Names that precede the layer's number in a path. */
  readonly layers_pattern: readonly string[] | null;
  /** Modules to leave out, written like `target_modules`. */
  readonly exclude_modules: readonly string[] | string | null;
}

/** The fields of every kind of adapter that this program uses, by PEFT's names. */
export interface AdapterConfig extends Targets {
  readonly base_model_name_or_path: string | null;
  readonly revision: string | null;
}

/** The fields that a kind of adapter adds. */
export interface AdapterFields {
  /** PEFT's `peft_type`. */
  readonly type: string;
  /** The schemas of the fields. */
  readonly entries: Readonly<Record<string, v.GenericSchema>>;
  /** Fields without an effect on the arithmetic, or without one beyond that of the fields above. */
  readonly harmless: readonly string[];
}

/**
 * The `adapter_config.json` of an adapter made by this program: only fields that old and new versions of PEFT know,
 * sorted as PEFT sorts them. `target_modules` must be names or an expression: PEFT too writes the modules that `all-linear`
 * meant.
 *
 * @param own the fields of the adapter's kind
 */
export function adapterConfig(
  config: Omit<AdapterConfig, 'layers_pattern' | 'exclude_modules'>,
  { type }: Pick<AdapterFields, 'type'>,
  own: JsonObject,
): JsonObject {
  const { base_model_name_or_path, revision, target_modules, layers_to_transform } = config;
  const fields: JsonObject = {
    auto_mapping: null,
    base_model_name_or_path,
    inference_mode: true,
    layers_pattern: null,
    layers_to_transform: layers_to_transform && [...layers_to_transform],
    modules_to_save: null,
    peft_type: type,
    revision,
    target_modules: typeof target_modules === 'string' ? target_modules : [...target_modules],
    task_type: 'CAUSAL_LM',
    ...own,
  };
  return Object.fromEntries(Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const names = v.union([v.pipe(v.string(), v.minLength(1)), v.array(v.string())]);
const layer = v.pipe(v.number(), v.integer(), v.minValue(0));

const commonEntries = {
  task_type: v.nullish(v.literal('CAUSAL_LM', reason('adapter_not_causal'))),
  base_model_name_or_path: v.nullish(v.string(), null),
  revision: v.nullish(v.string(), null),
  target_modules: v.union(
    [v.pipe(v.string(), v.minLength(1)), v.pipe(v.array(v.string()), v.minLength(1))],
    reason('adapter_without_targets'),
  ),
  layers_to_transform: v.nullish(v.union([layer, v.array(layer)]), null),
  layers_pattern: v.nullish(names, null),
  exclude_modules: v.nullish(names, null),
  modules_to_save: v.nullish(v.pipe(v.array(v.string()), v.maxLength(0, reason('adapter_whole_modules')))),
};

/** Fields that mean nothing to any kind. */
const HARMLESS: readonly string[] = ['auto_mapping', 'inference_mode', 'peft_version', 'ensure_weight_tying'];

/** An `adapter_config.json` that was read. */
export interface ParsedAdapterConfig<Form extends AdapterFields> {
  readonly config: AdapterConfig;
  readonly form: Form;
  /** The fields of its kind, valid by the form's schemas. */
  readonly fields: JsonObject;
}

/**
 * Reads an `adapter_config.json` of one of the forms.
 *
 * @throws TunesmithError that names the field, if it is missing, malformed, or asks for unsupported arithmetic
 *   (`modules_to_save`, …). Refuses an unknown field as well, unless it is empty, null or false.
 */
export function parseAdapterConfig<Form extends AdapterFields>(
  json: unknown,
  forms: readonly Form[],
  file = 'adapter_config.json',
): ParsedAdapterConfig<Form> {
  if (!isRecord(json)) throw refusal(file, message('adapter_not_object'));
  const form = forms.find(({ type }) => type === json['peft_type']);
  if (!form) {
    const values = {
      field: 'peft_type',
      reason: message('adapter_not_known', { types: forms.map(({ type }) => type) }),
    };
    throw refusal(file, message('adapter_field', values));
  }
  const schema = v.object({ ...commonEntries, ...form.entries });
  const parsed = v.safeParse(schema, json);
  if (!parsed.success) {
    const [issue] = parsed.issues;
    throw refusal(
      file,
      message('adapter_field', { field: v.getDotPath(issue) ?? '', reason: issueReason(issue) }),
    );
  }
  const known = new Set([...Object.keys(schema.entries), 'peft_type', ...HARMLESS, ...form.harmless]);
  for (const [field, value] of Object.entries(json)) {
    if (known.has(field) || isNeutral(value)) continue;
    throw refusal(file, message('adapter_field_unknown', { field, value: JSON.stringify(value) }));
  }
  const { base_model_name_or_path, revision, target_modules, exclude_modules, ...rest } = parsed.output;
  const { layers_to_transform, layers_pattern } = rest;
  const own = Object.entries(parsed.output).filter(([field]) => Object.hasOwn(form.entries, field));
  return {
    config: {
      ...{ base_model_name_or_path, revision, target_modules, exclude_modules },
      layers_to_transform: listOf(layers_to_transform),
      layers_pattern: listOf(layers_pattern),
    },
    form,
    fields: Object.fromEntries(own),
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
