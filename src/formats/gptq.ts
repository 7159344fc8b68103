/** Zero points as they are meant, from AutoGPTQ's first layout, which stores whole words of them less one each. */
export function zerosOfFirstLayout(qzeros: Uint32Array): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(qzeros, (word) => word + 0x11111111);
}
