// y[r, g, c] = s[r, g, c] * inv_rms[r, g] * weight[c]
// inv_rms[r, g] = 1 / sqrt(mean over c of s[r, g, c]^2 + eps)
//
// s is x, or with the constant ADD the sum x + delta, which is stored too: a block adds its result to the residual
// stream and the next norm reads it in one pass.
//
// x, delta, sum, y  f32 [rows, groups, columns]
// weight            f32 [columns]
// inv_rms           f32 [rows, groups]        kept for the gradient
// dispatch `lanes` threads per group (row and g), 64 / lanes groups a workgroup, workgroups spread over x and y

#include lib/vector

override columns: u32;      // in vectors
override size: f32;         // elements of a group
override lanes: u32;        // a power of two, at most 64
override eps: f32;

@group(0) @binding(1) var<storage, read> x: array<Vector>;
@group(0) @binding(2) var<storage, read> weight: array<Vector>;
@group(0) @binding(3) var<storage, read_write> y: array<Vector>;
@group(0) @binding(4) var<storage, read_write> inv_rms: array<f32>;
#if ADD
@group(0) @binding(5) var<storage, read> delta: array<Vector>;
@group(0) @binding(6) var<storage, read_write> sum: array<Vector>;
#endif

var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(64)
fn rms_norm(@builtin(workgroup_id) workgroup: vec3u,
            @builtin(num_workgroups) workgroups: vec3u,
            @builtin(local_invocation_index) thread: u32) {
  let group = (workgroup.x + workgroup.y * workgroups.x) * (64u / lanes) + thread / lanes;
  let lane = thread % lanes;
  let live = group < arrayLength(&inv_rms);
  let first = group * columns;

  var squares = 0.0;
  if (live) {
    for (var c = lane; c < columns; c += lanes) {
#if ADD
      let value = x[first + c] + delta[first + c];
      sum[first + c] = value;
#else
      let value = x[first + c];
#endif
      squares += total(value * value);
    }
  }
  partial[thread] = squares;
  workgroupBarrier();
  for (var half = lanes / 2u; half > 0u; half /= 2u) {   // a fixed order, so that two runs agree to the bit
    if (lane < half) { partial[thread] += partial[thread + half]; }
    workgroupBarrier();
  }

  if (!live) { return; }
  let scale = inverseSqrt(partial[thread - lane] / size + eps);
  if (lane == 0u) { inv_rms[group] = scale; }
  for (var c = lane; c < columns; c += lanes) {
#if ADD
    y[first + c] = sum[first + c] * scale * weight[c];
#else
    y[first + c] = x[first + c] * scale * weight[c];
#endif
  }
}
