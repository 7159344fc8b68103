// dx[r, g, c] = inv_rms[r, g] * (d[c] - x[c] * inv_rms^2 * mean over c of d * x)      d[c] = dy[r, g, c] * weight[c]
//
// With the constant FURTHER, `before`, the gradient of x so far, is added in the same pass.
//
// dy, x, before, dx  f32 [rows, groups, columns]
// weight             f32 [columns]
// inv_rms            f32 [rows, groups]
// dispatch `lanes` threads per group (row and g), 64 / lanes groups a workgroup, workgroups spread over x and y

#include lib/vector

override columns: u32;      // in vectors
override size: f32;         // elements of a group
override lanes: u32;        // a power of two, at most 64

@group(0) @binding(1) var<storage, read> dy: array<Vector>;
@group(0) @binding(2) var<storage, read> x: array<Vector>;
@group(0) @binding(3) var<storage, read> weight: array<Vector>;
@group(0) @binding(4) var<storage, read> inv_rms: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<Vector>;
#if FURTHER
@group(0) @binding(6) var<storage, read> before: array<Vector>;
#endif

var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(64)
fn rms_norm_gradient(@builtin(workgroup_id) workgroup: vec3u,
                     @builtin(num_workgroups) workgroups: vec3u,
                     @builtin(local_invocation_index) thread: u32) {
  let group = (workgroup.x + workgroup.y * workgroups.x) * (64u / lanes) + thread / lanes;
  let lane = thread % lanes;
  let live = group < arrayLength(&inv_rms);
  let first = group * columns;
  let scale = inv_rms[group];

  // Uses x * inv_rms, since the square of x may exceed f32.
  var product = 0.0;
  if (live) {
    for (var c = lane; c < columns; c += lanes) {
      product += total(dy[first + c] * weight[c] * (x[first + c] * scale));
    }
  }
  partial[thread] = product;
  workgroupBarrier();
  for (var half = lanes / 2u; half > 0u; half /= 2u) {   // a fixed order, so that two runs agree to the bit
    if (lane < half) { partial[thread] += partial[thread + half]; }
    workgroupBarrier();
  }

  if (!live) { return; }
  let mean = partial[thread - lane] / size;
  for (var c = lane; c < columns; c += lanes) {
    let gradient = scale * (dy[first + c] * weight[c] - x[first + c] * scale * mean);
#if FURTHER
    dx[first + c] = before[first + c] + gradient;
#else
    dx[first + c] = gradient;
#endif
  }
}
