// Scales and zero points of GPTQ and AWQ as src/ops/packings/grouped.ts lays them out: W = scale * (code - zero).
#include lib/half

override packed_in4: u32;                 // input columns, in vectors of four
override packed_out: u32;
override group4: u32;                     // input columns of a group, in vectors of four
override groups: u32;

@group(0) @binding(CODES_BINDING) var<storage, read> codes: array<u32>;
@group(0) @binding(SCALES_BINDING) var<storage, read> scales: array<u32>;

fn group_scale(group: u32, row: u32) -> f32 {
  let i = group * packed_out + row;
  return half_value((scales[i / 2u] >> (16u * (i % 2u))) & 0xffffu);
}

// Of eight zero points in a word, the one in these four bits.
fn group_zero(group: u32, row: u32, nibble: u32) -> f32 {
  let word = scales[(groups * packed_out) / 2u + (group * packed_out + row) / 8u];
  return f32((word >> (4u * nibble)) & 15u);
}
