/**
 * The values of GPTQ weights with 4 bits as AutoGPTQ and GPTQModel store them.
 *
 *     W[n, k] = scales[g, n] (code[k, n] - zero[g, n])        g = groupOf[k]
 */
export interface GptqWeight {
  readonly out: number;
  readonly in: number;
  /** [in / 8, out]: input columns 8 i to 8 i + 7 of an output row, the first in the low bits. */
  readonly qweight: Uint32Array;
  /** [groups, out / 8]: output rows 8 i to 8 i + 7, the first in the low bits; as they are meant. */
  readonly qzeros: Uint32Array;
  /** [groups, out] */
  readonly scales: Float32Array;
  /** [in]: the group of each input column. */
  readonly groupOf: Uint32Array;
}

/** f32 [out, in] */
export function dequantizeGptq(weight: GptqWeight): Float32Array<ArrayBuffer> {
  const { out, in: input, qweight, qzeros, scales, groupOf } = weight;
  const values = new Float32Array(out * input);
  for (let k = 0; k < input; k++) {
    const group = groupOf[k] ?? 0;
    for (let n = 0; n < out; n++) {
      const code = ((qweight[(k >> 3) * out + n] ?? 0) >>> (4 * (k & 7))) & 15;
      const zero = ((qzeros[(group * out + n) >> 3] ?? 0) >>> (4 * (n & 7))) & 15;
      values[n * input + k] = (scales[group * out + n] ?? 0) * (code - zero);
    }
  }
  return values;
}

/**
 * The values of AWQ weights with 4 bits in AutoAWQ's layout "gemm".
 *
 *     W[n, k] = scales[g, n] (code[k, n] - zero[g, n])        g = k / groupSize
 *
 * Eight output rows share a word, from the low bits up in the order 0, 2, 4, 6, 1, 3, 5, 7.
 */
export interface AwqWeight {
  readonly out: number;
  readonly in: number;
  readonly groupSize: number;
  /** [in, out / 8] */
  readonly qweight: Uint32Array;
  /** [groups, out / 8] */
  readonly qzeros: Uint32Array;
  /** [groups, out] */
  readonly scales: Float32Array;
}

/** f32 [out, in] */
export function dequantizeAwq(weight: AwqWeight): Float32Array<ArrayBuffer> {
  const { out, in: input, groupSize, qweight, qzeros, scales } = weight;
  const values = new Float32Array(out * input);
  for (let n = 0; n < out; n++) {
    const shift = 4 * (((n & 7) >> 1) + (n & 1) * 4);
    for (let k = 0; k < input; k++) {
      const group = Math.floor(k / groupSize);
      const code = ((qweight[(k * out + n) >> 3] ?? 0) >>> shift) & 15;
      const zero = ((qzeros[(group * out + n) >> 3] ?? 0) >>> shift) & 15;
      values[n * input + k] = (scales[group * out + n] ?? 0) * (code - zero);
    }
  }
  return values;
}
