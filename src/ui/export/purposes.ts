import type { ExportOffer } from '../../worker/protocol';

type Purpose = 'run' | 'adapter' | 'more';

/** The formats by what a person wants to do with the files, the most wanted first. */
export const PURPOSES: readonly (readonly [Purpose, readonly string[]])[] = [
  ['run', ['gguf', 'onnx', 'merged']],
  ['adapter', ['peft', 'gguf-lora']],
  ['more', ['cluster']],
];

/** The offers in groups of one purpose each; a purpose without offers is left out. */
export function byPurpose(
  offers: readonly ExportOffer[],
): readonly { readonly purpose: Purpose; readonly offers: readonly ExportOffer[] }[] {
  return PURPOSES.map(([purpose, formats]) => ({
    purpose,
    offers: formats.flatMap((name) => offers.find(({ format }) => format === name) ?? []),
  })).filter((group) => group.offers.length > 0);
}
