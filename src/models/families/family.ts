import type { ModelSpec } from '../spec';

/**
 * A family of models: how to read its config.json into a spec, and how its GGUF files differ. index.ts has the list; no
 * other code refers to a family by name.
 */
export interface Family {
  /** The name in specs and reports: qwen2. */
  readonly name: string;
  /** For people. */
  readonly label: string;
  /** The entry of `architectures` in config.json. */
  readonly architecture: string;
  /** The architecture of the variant with towers for images; its `text_config` is read. */
  readonly conditional?: string;
  /** Throws `config_invalid` and `config_unsupported`, naming the field. */
  readonly spec: (config: unknown) => ModelSpec;
  readonly gguf?: GgufFamily;
}

export interface GgufFamily {
  /** `general.architecture` of its files. */
  readonly architecture: string;
  readonly modelType: string;
  /** Fields of config.json that are peculiar to the family; they replace those read from the shared entries. */
  readonly fields?: (header: GgufFields) => Readonly<Record<string, unknown>>;
}

/** The entries of a GGUF file's header that a family may read. Keys are without the architecture's prefix. */
export interface GgufFields {
  readonly hidden: number;
  readonly heads: number;
  readonly headDim: number;
  readonly layers: number;
  /** `attention.sliding_window`, if it is above 0. */
  readonly window: number | undefined;
  /** Whether the maps of queries have a bias. */
  readonly bias: boolean;
  /** Throws if the entry exists and is no number. */
  readonly optional: (key: string) => number | undefined;
  /** Throws if the entry is missing or no number. */
  readonly needed: (key: string) => number;
  /** An entry with one number for each layer or one for all. Throws if it is missing or neither. */
  readonly perLayer: (key: string) => readonly number[];
}
