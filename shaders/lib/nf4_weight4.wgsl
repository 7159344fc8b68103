// An NF4 weight as vectors of four elements, as lib/dense_weight gives a dense one. Unpacks each vector at its use: right
// where a weight is used once, for one row.

#include lib/nf4_weight
#include lib/nf4

fn weight4(i: u32) -> vec4f {
  let word = nf4_word(i / 2u);
  return nf4_scale(i / 16u) * select(nf4_last4(word), nf4_first4(word), i % 2u == 0u);
}
