// Eight neighbouring elements of a weight in any format; a packed one has them in one word. For kernels that unpack a
// weight a tile at a time. `i` counts vectors of four.
#if WEIGHT_PACKED
#include lib/packed_weight
#else
#include lib/dense_weight
#endif

struct Eight {
  first: vec4f,
  last: vec4f,
}

#if WEIGHT_NF4
fn weight8(i: u32) -> Eight {
  let word = nf4_word(i / 2u);
  let scale = nf4_scale(i / 2u);
  return Eight(scale * nf4_first4(word), scale * nf4_last4(word));
}
#else
fn weight8(i: u32) -> Eight { return Eight(weight4(i), weight4(i + 1u)); }
#endif
