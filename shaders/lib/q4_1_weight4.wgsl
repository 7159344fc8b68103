// W = d * q + m     in blocks of 32 elements, 20 bytes: halves d and m, 16 bytes of codes, elements 0 to 15 in the low nibbles,
//                   16 to 31 in the high ones
#include lib/ggml_blocks

fn weight4(i: u32) -> vec4f {
  let block = i / 8u * 20u;
  let q = nibbles_of(word_at(block + 4u + i % 4u * 4u), i % 8u / 4u * 4u);
  return half_at(block) * vec4f(q) + half_at(block + 2u);
}
