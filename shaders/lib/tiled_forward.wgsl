// The bindings of a forward product by tiles, beside its left factor (lib/left_rows). shaders/matmul_tiles.wgsl describes the
// arrays.
#include lib/left_rows
#include lib/weight8

override in4: u32;
override out: u32;
override y_stride4: u32;
override y_column4: u32 = 0;
override lora_scale: f32 = 1;             // with HALF times the divisor of z

@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
#if BIAS
@group(0) @binding(BIAS_BINDING) var<storage, read> bias: array<vec4f>;
#endif
#if LORA
@group(0) @binding(LORA_B_BINDING) var<storage, read> lora_B: array<vec4f>;
#endif
#if RESIDUAL
@group(0) @binding(RESIDUAL_BINDING) var<storage, read> residual: array<vec4f>;
#endif

// Eight steps of one of y's columns, from vector k of the contraction on.
fn right8(column: u32, k: u32, in_low_rank: bool) -> Eight {
#if LORA
  if (in_low_rank) {
    let i = column * rank4 + k;
    return Eight(lora_scale * lora_B[i], lora_scale * lora_B[i + 1u]);
  }
#endif
  return weight8(column * in4 + k);
}

fn store(row: u32, column: u32, sum: vec4f) {
  var value = sum * row_scale(row);
#if BIAS
  value += bias[column];
#endif
#if RESIDUAL
  value += residual[row * y_stride4 + y_column4 + column];
#endif
  y[row * y_stride4 + y_column4 + column] = value;
}
