/**
 * The values of GPTQ weights with 4 bits as AutoGPTQ and GPTQModel store them, for checks and for what is not run as stored.
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

/** Zero points as they are meant, from AutoGPTQ's first layout, which stores whole words of them less one each. */
export function zerosOfFirstLayout(qzeros: Uint32Array): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(qzeros, (word) => word + 0x11111111);
}
