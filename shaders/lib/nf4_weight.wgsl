// A weight in NF4 as src/ops/weight.ts lays it out: blocks of 64 elements, eight elements a word. The including kernel is
// given the constants CODES_BINDING, SCALES_BINDING, DOUBLE_QUANT and, where that is true, NESTED_BLOCKS.
#include lib/nf4

@group(0) @binding(CODES_BINDING) var<storage, read> nf4_codes: array<u32>;
@group(0) @binding(SCALES_BINDING) var<storage, read> nf4_scales: array<u32>;

// The packed codes of elements 8 i to 8 i + 7 of the row-major matrix.
fn nf4_word(i: u32) -> u32 { return nf4_codes[i]; }

// The scale of elements 64 block to 64 block + 63.
#if DOUBLE_QUANT
const NF4_OFFSET_WORD = 256u;
const NF4_NESTED_WORD = 320u;

fn nf4_scale(block: u32) -> f32 {
  let packed = nf4_scales[NF4_NESTED_WORD + NESTED_BLOCKS + block / 4u];
  let code = (packed >> (8u * (block % 4u))) & 255u;
  let nested = bitcast<f32>(nf4_scales[NF4_NESTED_WORD + block / 256u]);
  return bitcast<f32>(nf4_scales[code]) * nested + bitcast<f32>(nf4_scales[NF4_OFFSET_WORD]);
}
#else
fn nf4_scale(block: u32) -> f32 { return bitcast<f32>(nf4_scales[block]); }
#endif
