/** Converts zero points from AutoGPTQ's first layout, which stores each of them less one, in packed words. */
export function zerosOfFirstLayout(qzeros: Uint32Array): Uint32Array<ArrayBuffer> {
  return Uint32Array.from(qzeros, (word) => word + 0x11111111);
}
