// Vectors of four elements of an NF4 weight, for lib/packed_weight.
#include lib/nf4_weight

fn weight4(i: u32) -> vec4f {
  let word = nf4_word(i / 2u);
  return nf4_scale(i / 2u) * select(nf4_last4(word), nf4_first4(word), i % 2u == 0u);
}
