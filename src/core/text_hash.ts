/**
 * A hash of a text, as a whole number below 2^53: two hashes of 32 bits over its UTF-16 units, each with a multiplication
 * and a shift for each unit, and a last mixing. Not for secrets. Two of a million different texts have the same hash with
 * a probability near 1 in 20,000.
 */
export function textHash(text: string): number {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    a = Math.imul(a ^ unit, 0x2c1b3c6d);
    b = Math.imul(b ^ unit, 0x297a2d39);
    a ^= a >>> 15;
    b ^= b >>> 13;
  }
  a = mixed(a ^ text.length);
  b = mixed(b ^ a);
  return (a >>> 0) * 2 ** 21 + (b >>> 11);
}

/** The last mixing of MurmurHash3 (Appleby 2011), in which each bit of the input changes each of the result. */
function mixed(hash: number): number {
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}
