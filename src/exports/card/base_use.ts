/** How other programs find the base of an adapter, and load it as it was loaded here. */
export interface BaseUse {
  /** A repository of the Hub, or the path or name of a folder. */
  readonly name: string;
  /** Whether `name` is a repository of the Hub. */
  readonly isRepo: boolean;
  readonly revision: string | null;
  /** The name of the GGUF file that it was loaded from; `model.gguf` if the name is unknown. */
  readonly gguf?: string;
  /** Whether Transformers reads GGUF files of its family. */
  readonly readsGguf?: boolean;
  /** The addresses of its files, for a model that no repository has. */
  readonly files?: readonly string[];
  /** The quantisation of its weights: as bitsandbytes does it while loading, or as published. */
  readonly quantisation: 'none' | 'nf4' | 'nf4_double' | 'bitsandbytes' | 'gptq' | 'awq' | 'gguf';
  /** Whether its config.json is of a model with a part for images. */
  readonly withImages: boolean;
  /** Whether it, or the export, has a chat template. */
  readonly hasTemplate: boolean;
}

/** The name of a base for names of folders: the last part of its name or path, without a file's ending. */
export function shortName(name: string): string {
  const last = name
    .replace(/[\\/]+$/, '')
    .split(/[\\/]/)
    .at(-1)!;
  return last.replace(/\.gguf$/i, '') || 'model';
}
