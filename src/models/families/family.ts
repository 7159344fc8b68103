import { TunesmithError } from '../../core/errors';
import type { GgufEntry } from '../../formats/gguf_writer';
import type { Activation } from '../../ops/gated_activation';
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
  /** The abilities of llama.cpp’s code for the architecture; a model that needs more is not written. */
  readonly computes?: GgufAbilities;
  /**
   * Entries that are peculiar to the family, without the architecture's prefix; they are added to the shared ones.
   *
   * @throws TunesmithError `gguf_unrunnable` for a model that llama.cpp would compute otherwise
   */
  readonly entries?: (spec: ModelSpec) => Readonly<Record<string, GgufEntry>>;
}

/** Properties of llama.cpp's code for an architecture, with those of most architectures as defaults. */
export interface GgufAbilities {
  /** Maps whose bias it adds: those of queries, keys and values, or all. */
  readonly biases?: 'all';
  /** Whether it divides the rotary frequencies by the factors of a tensor. */
  readonly ropeFactors?: true;
  /** Whether it rotates a part of each head. */
  readonly partialRotary?: true;
  /** Whether its layers may have windows. */
  readonly windows?: true;
  /** Whether the heads together must be as wide as the residual stream. */
  readonly wholeWidth?: true;
  /** By default SiLU. */
  readonly activation?: Activation;
  /** The factor of attention scores; by default 1 / √headDim. */
  readonly attentionScale?: (spec: ModelSpec) => number;
  /** Whether a layer rotates queries and keys; by default all do. */
  readonly rotates?: (layer: number) => boolean;
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

/** The error for a model that llama.cpp can't compute, by the field of its config.json. */
export function unrunnable({ label }: Pick<Family, 'label'>, field: string, value: unknown): TunesmithError {
  return new TunesmithError({
    code: 'gguf_unrunnable',
    values: { family: label, field, value: JSON.stringify(value) },
  });
}
