import { TunesmithError } from '../core/errors';

/** An entry that a model can't do without. */
export function missingMetadata(key: string): TunesmithError {
  return new TunesmithError({
    code: 'gguf_metadata_missing',
    message: `The GGUF file has no ${key}.`,
    hint: 'Take a GGUF file that was converted from a whole checkpoint, with its tokenizer.',
  });
}

/** An entry of the wrong type, or one that asks for what is not built. */
export function unsupportedMetadata(key: string, value: unknown): TunesmithError {
  return new TunesmithError({
    code: 'gguf_metadata_unsupported',
    message: `The GGUF file's ${key} is ${textOf(value).slice(0, 80)}, which is not supported.`,
    hint: 'Take the same model in safetensors, or choose a model of a family that can be trained here.',
  });
}

function textOf(value: unknown): string {
  if (value === undefined) return 'absent';
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? String(item) : item));
}
