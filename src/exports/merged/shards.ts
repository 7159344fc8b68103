import { TunesmithError } from '../../core/errors';
import { INDEX_FILE, SINGLE_FILE } from '../../models/shards';

const UNITS: Readonly<Record<string, number>> = { '': 1, KB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** Parses a size in bytes as Transformers does: "5GB", "300MB", 12000. Throws `export_size`. */
export function parseSize(option: string, text: string): number {
  const [, number = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([KMGT]?B)?\s*$/i.exec(text) ?? [];
  const bytes = Math.floor(Number(number) * (UNITS[unit.toUpperCase().replace(/^B$/, '')] ?? NaN));
  if (number !== '' && Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new TunesmithError({ code: 'export_size', values: { option, given: text } });
}

/**
 * Distributes tensors, in order, to files with at most `most` bytes of tensors; a larger tensor gets a file of its own.
 * The files have Transformers' names.
 */
export function shardsOf<T extends { readonly bytes: number }>(
  tensors: readonly T[],
  most: number,
): readonly { readonly name: string; readonly tensors: readonly T[] }[] {
  const shards: T[][] = [];
  let bytes = Infinity;
  for (const tensor of tensors) {
    if (bytes + tensor.bytes > most) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1)?.push(tensor);
    bytes += tensor.bytes;
  }
  const number = (index: number): string => String(index).padStart(5, '0');
  return shards.map((content, index) => ({
    name:
      shards.length === 1
        ? SINGLE_FILE
        : SINGLE_FILE.replace('.', `-${number(index + 1)}-of-${number(shards.length)}.`),
    tensors: content,
  }));
}

/** The text of model.safetensors.index.json for several shards, as Transformers writes it. */
export function shardIndex(
  shards: readonly { readonly name: string; readonly tensors: readonly { readonly name: string }[] }[],
  metadata: { readonly total_parameters: number; readonly total_size: number },
): { readonly name: string; readonly text: string } {
  const places = shards.flatMap(({ name: file, tensors }) =>
    tensors.map(({ name }) => [name, file] as const),
  );
  places.sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    name: INDEX_FILE,
    text: `${JSON.stringify({ metadata, weight_map: Object.fromEntries(places) }, null, 2)}\n`,
  };
}
