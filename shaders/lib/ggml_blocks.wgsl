// The bytes of a weight in one of ggml's block formats, which begin at even places but not always at words.
#include lib/half

@group(0) @binding(CODES_BINDING) var<storage, read> blocks: array<u32>;

fn byte_at(i: u32) -> u32 { return (blocks[i / 4u] >> (8u * (i % 4u))) & 255u; }

fn signed_byte_at(i: u32) -> i32 { return (i32(byte_at(i)) << 24u) >> 24u; }

// The number at an even place.
fn half_at(i: u32) -> f32 { return half_value((blocks[i / 4u] >> (8u * (i % 4u))) & 0xffffu); }

// Four bytes from an even place on.
fn word_at(i: u32) -> u32 {
  let word = blocks[i / 4u];
  if (i % 4u == 0u) { return word; }
  return (word >> 16u) | (blocks[i / 4u + 1u] << 16u);
}

// Each byte of a word.
fn bytes_of(word: u32) -> vec4u { return (vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u); }

// Each low (shift 0) or high (shift 4) nibble of a word's bytes.
fn nibbles_of(word: u32, shift: u32) -> vec4u { return bytes_of((word >> shift) & 0x0f0f0f0fu); }
