import { dequantizeNF4, quantizeNF4, type QuantizedNF4 } from './nf4';

/**
 * The codes and scales of values that come from NF4. Each block has a code of ±1, so its scale is its largest magnitude;
 * double quantisation may have made a tiny scale negative.
 *
 * @param values whole blocks
 * @throws RangeError for values that don't come from NF4 in such blocks
 */
export function recoverNF4(values: Float32Array, blockSize: number): QuantizedNF4 {
  const { codes, absmax } = quantizeNF4(values, blockSize);
  const restored = dequantizeNF4(codes, absmax, values.length, blockSize);
  for (const block of absmax.keys()) {
    const begin = block * blockSize;
    const end = begin + blockSize;
    if (isEqual(restored, values, begin, end)) continue;
    const negated = values.slice(begin, end).map((value) => -value);
    const own = quantizeNF4(negated, blockSize);
    const again = dequantizeNF4(own.codes, own.absmax, blockSize, blockSize);
    if (!isEqual(again, negated, 0, blockSize)) throw new RangeError('a block is not in NF4');
    codes.set(own.codes, begin / 2);
    absmax[block] = -own.absmax[0]!;
  }
  return { codes, absmax };
}

function isEqual(a: Float32Array, b: Float32Array, begin: number, end: number): boolean {
  for (let i = begin; i < end; i++) if (a[i] !== b[i]) return false;
  return true;
}
