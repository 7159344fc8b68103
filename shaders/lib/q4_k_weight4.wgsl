// W = d * s * q - dmin * m     in blocks of 256 elements, 144 bytes: halves d and dmin, 12 bytes of 6-bit s and m for each
//                              group of 32, 128 bytes of codes: 32 bytes hold two groups, the first in the low nibbles
#include lib/ggml_blocks

// s (shift 0) or m (shift 4) of a group. Groups 0 to 3 have theirs in the low bits of bytes 0 to 3 (s) and 4 to 7 (m); groups
// 4 to 7 have the high two in the top bits of the same bytes, and the low four in the nibbles of bytes 8 to 11.
fn six_bits(at: u32, group: u32, shift: u32) -> f32 {
  let own = byte_at(at + shift + group % 4u);
  let low = (byte_at(at + 8u + group % 4u) >> shift) & 15u;
  return f32(select(low | ((own >> 6u) << 4u), own & 63u, group < 4u));
}

fn weight4(i: u32) -> vec4f {
  let block = i / 64u * 144u;
  let group = i % 64u / 8u;
  let q = nibbles_of(blocks[(block + 16u + group / 2u * 32u) / 4u + i % 8u], group % 2u * 4u);
  let scale = half_at(block) * six_bits(block + 4u, group, 0u);
  let minimum = half_at(block + 2u) * six_bits(block + 4u, group, 4u);
  return scale * vec4f(q) - minimum;
}
