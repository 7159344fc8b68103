// The left factor of a product, [rows, contraction], with that of the low-rank product beside it (z or dz, [rows, rank]), as
// vectors of four elements.
//
// Without HALF they are two f32 arrays, the second at @binding(LORA_BINDING). With HALF they come from
// shaders/half_rows.wgsl: a row holds the elements of both in f16, times a power of two of the row's own; the last two words begin
// with its inverse.
#include lib/tile_type

override left_stride4: u32;               // a row's vectors of four, the inverse included
override left_column4: u32 = 0;           // where the contraction begins
override rank4: u32 = 0;

#if HALF
override low_rank_column4: u32 = 0;

@group(0) @binding(1) var<storage, read> left: array<vec2u>;

fn left4(row: u32, k: u32) -> Tile4 { return bitcast<vec4h>(left[row * left_stride4 + left_column4 + k]); }
fn low_rank4(row: u32, j: u32) -> Tile4 { return bitcast<vec4h>(left[row * left_stride4 + low_rank_column4 + j]); }

// The factor of a row's sums.
fn row_scale(row: u32) -> f32 { return bitcast<f32>(left[row * left_stride4 + left_stride4 - 1u].x); }
#else
@group(0) @binding(1) var<storage, read> left: array<vec4f>;

fn row_scale(row: u32) -> f32 { return 1.0; }

#if LORA
@group(0) @binding(LORA_BINDING) var<storage, read> low_rank: array<vec4f>;

fn low_rank4(row: u32, j: u32) -> Tile4 { return low_rank[row * rank4 + j]; }
#endif
#if LEFT_DROPOUT
#include lib/dropout

fn left4(row: u32, k: u32) -> Tile4 {
  return dropout(left[row * left_stride4 + left_column4 + k], row, k, left_stride4);
}
#else
fn left4(row: u32, k: u32) -> Tile4 { return left[row * left_stride4 + left_column4 + k]; }
#endif
#endif
