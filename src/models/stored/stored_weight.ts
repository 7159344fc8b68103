import type { Packing } from '../../ops/weight';
import type { FileReader } from '../folder';

/** Where a tensor of a checkpoint lies, whatever kind of file it is in. */
export interface StoredTensor {
  readonly name: string;
  /** Need not be a file on the disk: what has its rows in another order than Transformers is seen through a reader in order. */
  readonly file: FileReader;
  /** Offset of its first byte from the start of the file. */
  readonly begin: number;
  /** Offset of the byte after its last. */
  readonly end: number;
  /** As its file names it: safetensors' "BF16", ggml's "Q4_K". */
  readonly dtype: string;
  /** Outermost axis first. */
  readonly shape: readonly number[];
}

/**
 * What a buffer of a packed weight is filled with. `bytes` is the buffer's size, a multiple of 4; what `copy` names or
 * `make` returns may be up to three bytes shorter, and is followed by zeros then. A tensor to be copied may be large, and is
 * read in pieces; what is made is the tables of one weight, a few megabytes.
 */
export type BufferSource =
  | { readonly bytes: number; readonly copy: StoredTensor }
  | { readonly bytes: number; readonly make: () => Promise<Uint8Array<ArrayBuffer>> };

/** How a checkpoint stores one weight, and so what loading has to do with it. */
export type StoredWeight =
  /** Kept, cast, or quantised to NF4, as the load settings say. */
  | {
      readonly kind: 'dense';
      /** F32, F16 or BF16. */
      readonly tensor: StoredTensor;
      /** It stays dense where others are in 4 bits: whoever quantised the checkpoint left it out. */
      readonly kept?: true;
    }
  /** Runs as stored. The buffers' names are those of `packedBuffers`. */
  | {
      readonly kind: 'packed';
      readonly packing: Packing;
      readonly buffers: Readonly<Record<string, BufferSource>>;
    }
  /**
   * In a format that is not run as stored: dequantised in pieces by JavaScript, then quantised to NF4 on the way in where
   * the weight is a linear map, and kept as float16 where it is the embedding or the head. Worth a note for the page.
   */
  | {
      readonly kind: 'requantised';
      /** The format's name for people: "Q5_K". */
      readonly from: string;
      /** Rows first … first + count - 1 in float32; a few at a time, for they are large. */
      readonly rows: (first: number, count: number) => Promise<Float32Array<ArrayBuffer>>;
      /** What the rows are read from, so that weights are loaded in the order of their files. */
      readonly tensor: StoredTensor;
    };

/** The weights of a checkpoint by their names in Transformers' checkpoints, vectors among them. */
export type StoredWeights = ReadonlyMap<string, StoredWeight>;
