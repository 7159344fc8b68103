// W = d * (q - 8)     in blocks of 32 elements, 18 bytes: half d, 16 bytes of codes, elements 0 to 15 in the low nibbles,
//                     16 to 31 in the high ones
#include lib/ggml_blocks

fn weight4(i: u32) -> vec4f {
  let block = i / 8u * 18u;
  let q = nibbles_of(word_at(block + 2u + i % 4u * 4u), i % 8u / 4u * 4u);
  return half_at(block) * (vec4f(q) - 8.0);
}
