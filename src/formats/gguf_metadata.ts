import { TunesmithError } from '../core/errors';

/** An entry that a model can't do without. */
export function missingMetadata(key: string): TunesmithError {
  return new TunesmithError({ code: 'gguf_metadata_missing', values: { key } });
}

/** An entry of the wrong type, or one that asks for what is not built. */
export function unsupportedMetadata(key: string, value: unknown): TunesmithError {
  return new TunesmithError({
    code: 'gguf_metadata_unsupported',
    values: { key, value: value === undefined ? null : textOf(value).slice(0, 80) },
  });
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item));
}
