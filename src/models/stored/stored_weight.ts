import type { Packing } from '../../ops/weight';
import type { FileReader } from '../folder';

/** A tensor of a checkpoint and its place, in any kind of file. */
export interface StoredTensor {
  readonly name: string;
  /**
   * May be a view of the file on the disk: a tensor with rows in another order than Transformers' has a reader that
   * reorders them.
   */
  readonly file: FileReader;
  /** Offset of its first byte from the start of the file. */
  readonly begin: number;
  /** Offset of the byte after its last. */
  readonly end: number;
  /** The file's name of the type: safetensors' "BF16", ggml's "Q4_K". */
  readonly dtype: string;
  /** Outermost axis first. */
  readonly shape: readonly number[];
}

/**
 * The contents of a buffer of a packed weight. `bytes` is the buffer's size, a multiple of 4; the data of `copy` or
 * `make` may be up to three bytes shorter, and zeros follow it. A tensor to copy may be large and is read in pieces;
 * `make` returns the tables of one weight, a few megabytes.
 */
export type BufferSource =
  | { readonly bytes: number; readonly copy: StoredTensor }
  | { readonly bytes: number; readonly make: () => Promise<Uint8Array<ArrayBuffer>> };

/** How a checkpoint stores one weight, which determines how to load it. */
export type StoredWeight =
  /** Kept, cast, or quantised to NF4, as the load settings say. */
  | {
      readonly kind: 'dense';
      /** F32, F16 or BF16. */
      readonly tensor: StoredTensor;
      /** Set if it stays dense while others are in 4 bits, because the checkpoint's author left it unquantised. */
      readonly kept?: true;
    }
  /** Runs as stored. The buffers' names are those of `packedBuffers`. */
  | {
      readonly kind: 'packed';
      readonly packing: Packing;
      readonly buffers: Readonly<Record<string, BufferSource>>;
    }
  /**
   * In a format that does not run as stored. JavaScript dequantises it in pieces; a linear map is then quantised to
   * NF4, and an embedding or a head is kept as float16. The person gets a note.
   */
  | {
      readonly kind: 'requantised';
      /** The format's name for people: "Q5_K". */
      readonly from: string;
      /** Rows first … first + count - 1 in float32; ask for a few at a time, because they are large. */
      readonly rows: (first: number, count: number) => Promise<Float32Array<ArrayBuffer>>;
      /** The source of the rows, so that weights can be loaded in the order of their files. */
      readonly tensor: StoredTensor;
    };

/** The weights of a checkpoint, including vectors, by their names in Transformers' checkpoints. */
export type StoredWeights = ReadonlyMap<string, StoredWeight>;
