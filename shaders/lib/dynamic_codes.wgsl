// Codes of 8 bits: a code is the index of its value in a list of 256 ascending ones. `code` is where that list begins in `table`,
// array<u32>, which the kernel declares. Four codes are in a word, the first in the lowest byte.

fn value_of(code: u32, word: u32, lane: u32) -> f32 {
  return bitcast<f32>(table[code + ((word >> (8u * lane)) & 255u)]);
}

// The code of the nearest value to x, at a tie the lower one.
fn nearest(code: u32, x: f32) -> u32 {
  var low = 0u;
  var high = 255u;
  while (low < high) {
    let middle = (low + high) / 2u;
    let bound = 0.5 * (bitcast<f32>(table[code + middle]) + bitcast<f32>(table[code + middle + 1u]));
    if (x <= bound) { high = middle; } else { low = middle + 1u; }
  }
  return low;
}

fn rounded(code: u32, x: vec4f) -> u32 {
  return nearest(code, x[0]) | (nearest(code, x[1]) << 8u) | (nearest(code, x[2]) << 16u) |
         (nearest(code, x[3]) << 24u);
}
