// The bindings of a transposed product by tiles beside its left factor (lib/left_rows);
// shaders/matmul_tiles_transposed.wgsl describes the arrays.
#include lib/left_rows
#include lib/weight8

override in4: u32;
override out: u32;
override scale: f32 = 1;                  // with HALF it is in dy already
override lora_scale: f32 = 1;             // what dz was divided by

@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;
#if LORA
@group(0) @binding(LORA_A_BINDING) var<storage, read> lora_A: array<vec4f>;
#endif
#if SO_FAR
@group(0) @binding(SO_FAR_BINDING) var<storage, read> so_far: array<vec4f>;
#endif
#if DROPOUT
#include lib/dropout
#endif

// One step of eight of dx's columns, from vector `column` on.
fn right8(n: u32, column: u32, in_low_rank: bool) -> Eight {
  let i = n * in4 + column;
#if LORA
  if (in_low_rank) { return Eight(lora_scale * lora_A[i], lora_scale * lora_A[i + 1u]); }
#endif
  let eight = weight8(i);
  return Eight(scale * eight.first, scale * eight.last);
}

fn store(row: u32, column: u32, sum: vec4f) {
  let i = row * in4 + column;
  var value = sum * row_scale(row);
#if SO_FAR
  value += so_far[i];
#endif
#if ADD
  value += dx[i];
#endif
  dx[i] = value;
}
