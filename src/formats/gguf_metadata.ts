import { TunesmithError } from '../core/errors';

/** The error for a required entry that is missing. */
export function missingMetadata(key: string): TunesmithError {
  return new TunesmithError({ code: 'gguf_metadata_missing', values: { key } });
}

/** The error for an entry of the wrong type, or with a value that is not supported. */
export function unsupportedMetadata(key: string, value: unknown): TunesmithError {
  return new TunesmithError({
    code: 'gguf_metadata_unsupported',
    values: { key, value: value === undefined ? null : textOf(value).slice(0, 80) },
  });
}

function textOf(value: unknown): string {
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item));
}
