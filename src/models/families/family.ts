import type { ModelSpec } from '../spec';

/**
 * A family of models: how its config.json is read into a spec, and how its GGUF files are. The list of them is in
 * index.ts; nothing else knows one by its name.
 */
export interface Family {
  /** As specs and reports have it: qwen2. */
  readonly name: string;
  /** For people. */
  readonly label: string;
  /** What config.json has in `architectures`. */
  readonly architecture: string;
  /** The architecture of the same with towers for images, whose `text_config` is read. */
  readonly conditional?: string;
  /** Throws `config_invalid` and `config_unsupported`, naming the field. */
  readonly spec: (config: unknown) => ModelSpec;
  readonly gguf?: GgufFamily;
}

export interface GgufFamily {
  /** `general.architecture` of its files. */
  readonly architecture: string;
  readonly modelType: string;
  /** Fields of config.json that others don't have, or have otherwise; they replace those read from the shared entries. */
  readonly fields?: (header: GgufFields) => Readonly<Record<string, unknown>>;
}

/** What a family may ask of a GGUF file's header. Keys are those after the architecture. */
export interface GgufFields {
  readonly hidden: number;
  readonly heads: number;
  readonly headDim: number;
  readonly layers: number;
  /** `attention.sliding_window`, if it is above 0. */
  readonly window: number | undefined;
  /** Whether the maps of queries have a bias. */
  readonly bias: boolean;
  /** Throws if the entry is there and is no number. */
  readonly optional: (key: string) => number | undefined;
  /** Throws if the entry is missing, or no number. */
  readonly needed: (key: string) => number;
  /** An entry of one number a layer, or of one for all. Throws if it is missing, or neither. */
  readonly perLayer: (key: string) => readonly number[];
}
