/** One of ggml's tensor types. A block's elements are neighbours in a row, so rows are whole numbers of blocks. */
export interface GgmlFormat {
  readonly name: string;
  /** Its number in a file. */
  readonly number: number;
  /** Elements of a block. */
  readonly elements: number;
  /** Bytes of a block. */
  readonly bytes: number;
}

/** A type of plain numbers. */
export interface GgmlFloats extends GgmlFormat {
  readonly elements: 1;
  /** Rounds values. Throws RangeError for one beyond the type's range. The result may be the memory of `values`. */
  readonly round: (values: Float32Array<ArrayBuffer>) => Uint8Array<ArrayBuffer>;
}

/** A block format that is read. */
export interface GgmlReadable extends GgmlFormat {
  /** Offsets in a block of its half-precision numbers. */
  readonly halves: readonly number[];
  /**
   * Writes the values of the block at `bytes[at]` to `values[first]` and on. Rounds each operation to f32 on its own, as the
   * reference does (gguf.quants in Python).
   */
  readonly unpack: UnpackBlock;
}

/** A block format that is also written. */
export interface GgmlWritable extends GgmlReadable {
  /**
   * Writes the block of `values[first]` and on to `bytes[at]`, as ggml's own reference does without an importance matrix, to
   * the bit. Throws RangeError if a scale is beyond half precision.
   */
  readonly pack: PackBlock;
  /**
   * The largest root mean square of the rounding errors of the block of `values[first]` and on. It follows from the format's
   * definition, not from the code of `pack`. Half precision changes a scale by 2⁻¹¹ of it, and so each value by 2⁻¹¹ of the
   * range.
   */
  readonly allowed: (values: Float32Array, first: number) => number;
  /** The type that llama.cpp takes for a matrix whose rows are no whole blocks of this one; without it, F16. */
  readonly narrower?: string;
}

export type UnpackBlock = (bytes: Uint8Array, at: number, values: Float32Array, first: number) => void;
export type PackBlock = (values: Float32Array, first: number, bytes: Uint8Array, at: number) => void;
