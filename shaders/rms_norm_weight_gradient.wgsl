// gradient[c] (+)= sum over r and g of dy[r, g, c] * x[r, g, c] * inv_rms[r, g]
//
// dy, x     f32 [rows, groups, columns]
// inv_rms   f32 [rows, groups]
// gradient  f32 [columns]
// dispatch 16 threads per vector of columns, 4 vectors a workgroup

#include lib/run
#include lib/vector

override columns: u32;      // in vectors
override groups: u32;
override further: u32;      // 1: an earlier kernel has written to the gradient

@group(0) @binding(1) var<storage, read> dy: array<Vector>;
@group(0) @binding(2) var<storage, read> x: array<Vector>;
@group(0) @binding(3) var<storage, read> inv_rms: array<f32>;
@group(0) @binding(4) var<storage, read_write> gradient: array<Vector>;

var<workgroup> partial: array<Vector, 64>;

@compute @workgroup_size(64)
fn rms_norm_weight_gradient(@builtin(workgroup_id) workgroup: vec3u,
                            @builtin(local_invocation_index) thread: u32) {
  let column = workgroup.x * 4u + thread % 4u;           // neighbours read neighbours
  let lane = thread / 4u;
  var sum = Vector();
  if (column < columns) {
    for (var group = lane; group < run.rows * groups; group += 16u) {
      let i = group * columns + column;
      sum += dy[i] * x[i] * inv_rms[group];
    }
  }
  partial[thread] = sum;
  workgroupBarrier();
  for (var half = 8u; half > 0u; half /= 2u) {
    if (lane < half) { partial[thread] += partial[thread + 4u * half]; }
    workgroupBarrier();
  }
  if (lane > 0u || column >= columns) { return; }
  var result = partial[thread];
  if (further == 1u || run.accumulate == 1u) { result += gradient[column]; }
  gradient[column] = result;
}
