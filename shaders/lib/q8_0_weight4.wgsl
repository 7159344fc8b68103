// W = d * q     in blocks of 32 elements, 34 bytes: half d, 32 signed bytes q
#include lib/ggml_blocks

fn weight4(i: u32) -> vec4f {
  let block = i / 8u * 34u;
  let word = word_at(block + 2u + i % 8u * 4u);
  let q = (vec4i(bytes_of(word)) << vec4u(24u)) >> vec4u(24u);
  return half_at(block) * vec4f(q);
}
