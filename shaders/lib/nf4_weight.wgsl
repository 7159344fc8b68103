// A weight in NF4 as src/ops/packings/nf4.ts lays it out: blocks of NF4_BLOCK elements of the flattened matrix, eight
// elements a word. With NF4_WORDS and NF4_SCALE_WORDS, for kernels that are made for one weight, its sizes are constants: see
// lib/weight_rows.
#include lib/nf4

#if NF4_WORDS
@group(0) @binding(CODES_BINDING) var<storage, read> nf4_codes: array<u32, NF4_WORDS>;
@group(0) @binding(SCALES_BINDING) var<storage, read> nf4_scales: array<u32, NF4_SCALE_WORDS>;
#else
@group(0) @binding(CODES_BINDING) var<storage, read> nf4_codes: array<u32>;
@group(0) @binding(SCALES_BINDING) var<storage, read> nf4_scales: array<u32>;
#endif

// The packed codes of elements 8 i to 8 i + 7.
fn nf4_word(i: u32) -> u32 { return nf4_codes[i]; }

// The scale of elements 8 i to 8 i + 7.
#if DOUBLE_QUANT
override nested_blocks: u32;

const NF4_OFFSET_WORD = 256u;
const NF4_NESTED_WORD = 320u;

fn nf4_scale(i: u32) -> f32 {
  let block = i / (NF4_BLOCK / 8u);
  let packed = nf4_scales[NF4_NESTED_WORD + nested_blocks + block / 4u];
  let code = (packed >> (8u * (block % 4u))) & 255u;
  let nested = bitcast<f32>(nf4_scales[NF4_NESTED_WORD + block / NF4_NESTED_BLOCK]);
  return bitcast<f32>(nf4_scales[code]) * nested + bitcast<f32>(nf4_scales[NF4_OFFSET_WORD]);
}
#else
fn nf4_scale(i: u32) -> f32 { return bitcast<f32>(nf4_scales[i / (NF4_BLOCK / 8u)]); }
#endif
