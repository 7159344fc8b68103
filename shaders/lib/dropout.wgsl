// Dropout on the input of a LoRA pair: the mask is a function of (element, adapter, micro-batch, seed), so the backward
// pass makes it again instead of keeping it.

#include lib/run
#include lib/random

override dropout_p: f32 = 0;

// A number of the adapter's own, in x, and in y the token row that the bindings begin with: no overrides, for then each
// adapter would need pipelines of its own.
@group(0) @binding(DROPOUT_BINDING) var<uniform> dropout_stream: vec4u;

// Four neighbouring elements x of a row; `k` counts vectors of four, of which a row has `in4`.
fn dropout(x: vec4f, row: u32, k: u32, in4_: u32) -> vec4f {
  let draw = pcg4d(vec4u((row + dropout_stream.y) * in4_ + k, dropout_stream.x, run.counter, run.seed));
  let keep = vec4f(draw >> vec4u(8u)) * 0x1p-24f >= vec4f(dropout_p);
  return select(vec4f(), x / (1.0 - dropout_p), keep);
}
