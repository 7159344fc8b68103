// W = d * s * (q - 32)     in blocks of 256 elements, 210 bytes: 128 of the codes' low 4 bits, 64 of their high 2, a signed
//                          byte s for each group of 16, half d. 64 low bytes hold 128 elements, the first 64 in the low
//                          nibbles; 32 high bytes hold the same 128, two bits of each byte for every 32 of them
#include lib/ggml_blocks

fn weight4(i: u32) -> vec4f {
  let block = i / 64u * 210u;
  let vector = i % 64u;
  let low = nibbles_of(word_at(block + vector / 32u * 64u + vector % 16u * 4u), vector % 32u / 16u * 4u);
  let high = word_at(block + 128u + vector / 32u * 32u + vector % 8u * 4u) >> (vector % 32u / 8u * 2u);
  let q = low | (bytes_of(high & 0x03030303u) << vec4u(4u));
  let scale = half_at(block + 208u) * f32(signed_byte_at(block + 192u + vector / 4u));
  return scale * (vec4f(q) - 32.0);
}
