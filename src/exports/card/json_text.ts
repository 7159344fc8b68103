import { Float, parseLosslessJson, type LosslessJson } from '../../core/lossless_json';
import { floatText, integerText } from '../../data/jinja/text_of';

/** Parses the text of a JSON object into its fields, in order. Undefined for any other value. */
export function fieldsOfText(text: string): Map<string, LosslessJson> | undefined {
  const value = parseLosslessJson(text);
  if (value instanceof Map) return new Map(value as ReadonlyMap<string, LosslessJson>);
  const isObject =
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Float);
  return isObject ? new Map(Object.entries(value)) : undefined;
}

/** JSON as Python writes it, indented by two spaces: floats stay floats, and integers of any size stay exact. */
export function jsonText(value: LosslessJson, indent = ''): string {
  if (value === null || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number' || typeof value === 'bigint') return integerText(value);
  if (value instanceof Float) return specialText(value.value) ?? floatText(value.value);
  const inner = `${indent}  `;
  if (Array.isArray(value)) {
    const items = (value as readonly LosslessJson[]).map((item) => jsonText(item, inner));
    return items.length === 0 ? '[]' : `[\n${inner}${items.join(`,\n${inner}`)}\n${indent}]`;
  }
  const fields =
    value instanceof Map ? [...(value as ReadonlyMap<string, LosslessJson>)] : Object.entries(value);
  const members = fields.map(
    ([key, item]) => `${JSON.stringify(key)}: ${jsonText(item as LosslessJson, inner)}`,
  );
  return members.length === 0 ? '{}' : `{\n${inner}${members.join(`,\n${inner}`)}\n${indent}}`;
}

/** NaN and the infinities as Python's json writes them. */
function specialText(value: number): string | undefined {
  if (Number.isFinite(value)) return undefined;
  return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
}
