import type { Tensor } from './op';

/** How a dense weight's elements are stored: as in the checkpoint, so that nothing is lost. 16-bit ones lie two to a word. */
export type DenseFormat = 'f32' | 'f16' | 'bf16';

/** A run of a weight's rows small enough for one binding. */
export interface WeightPart {
  readonly firstRow: number;
  readonly rows: number;
  readonly tensor: Tensor;
}

/** A dense matrix [out, in], row-major; large ones are split into parts by rows. `in` is a multiple of 4. */
export interface DenseWeight {
  readonly kind: 'dense';
  readonly name: string;
  readonly format: DenseFormat;
  readonly out: number;
  readonly in: number;
  readonly parts: readonly WeightPart[];
  /** Its parts are f32 in the slot of the parameters, and get gradients. */
  readonly isTrained?: true;
}

/** bitsandbytes' NF4: blocks of `blockSize` elements over the flattened matrix. See packings/nf4.ts. */
export interface Nf4Packing {
  readonly format: 'nf4';
  /** Elements that share a scale; a multiple of 8. */
  readonly blockSize: number;
  /** The scales are themselves quantised to 8 bits. */
  readonly doubleQuant: boolean;
  /** Scales that share a scale of theirs. */
  readonly nestedBlockSize: number;
}

/** GPTQ with 4 bits, as AutoGPTQ and GPTQModel store it. See packings/gptq.ts. */
export interface GptqPacking {
  readonly format: 'gptq';
  /** Input columns that share a scale and a zero point. */
  readonly groupSize: number;
  /** Each input column names its group (g_idx), which need not be its place divided by groupSize. */
  readonly actOrder: boolean;
}

/** AWQ with 4 bits in AutoAWQ's layout "gemm". See packings/awq.ts. */
export interface AwqPacking {
  readonly format: 'awq';
  readonly groupSize: number;
}

/** One of ggml's block formats, the bytes as a GGUF file has them. See packings/ggml.ts. */
export interface GgmlPacking {
  readonly format: 'q8_0' | 'q4_0' | 'q4_1' | 'q4_k' | 'q6_k';
}

/** How a weight's elements are packed. Plain JSON, so that it can be kept with the bytes. */
export type Packing = Nf4Packing | GptqPacking | AwqPacking | GgmlPacking;

/** A frozen matrix [out, in] in a packed format; `in` is a multiple of 4. */
export interface PackedWeight<P extends Packing = Packing> {
  readonly kind: 'packed';
  readonly name: string;
  readonly out: number;
  readonly in: number;
  readonly packing: P;
  /** By the names that the format gives its buffers: u32 arrays of the sizes that `packedBuffers` tells. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

export type Weight = DenseWeight | PackedWeight;

/** The tensors of a weight, by name, for a node's inputs. */
export function weightTensors(weight: Weight): Readonly<Record<string, Tensor>> {
  if (weight.kind === 'packed') return weight.tensors;
  return Object.fromEntries(weight.parts.map(({ tensor }, index) => [`weight${index}`, tensor]));
}

/** The packing that `load_in_4bit` gives a dense weight: bitsandbytes' default blocks. */
export function nf4Packing(doubleQuant: boolean): Nf4Packing {
  return { format: 'nf4', blockSize: 64, doubleQuant, nestedBlockSize: 256 };
}
