// x /= max(√(sum of x^2), 1e-7), for each matrix by itself, with a fixed order of additions
//
// x       f32 [matrices, size]
// window  u32 [4]                size
// dispatch one workgroup per matrix, over z

override threads: u32 = 256;

@group(0) @binding(1) var<storage, read_write> x: array<f32>;
@group(0) @binding(2) var<uniform> window: vec4u;

const LEAST = 1e-7;

var<workgroup> sums: array<f32, threads>;

@compute @workgroup_size(threads)
fn muon_normalize(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let size = window[0];
  let first = group.z * size;
  var sum = 0.0;
  for (var i = thread; i < size; i += threads) { sum += x[first + i] * x[first + i]; }
  sums[thread] = sum;
  workgroupBarrier();
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }
  let norm = max(sqrt(sums[0]), LEAST);
  for (var i = thread; i < size; i += threads) { x[first + i] /= norm; }
}
