// The gradients of the weight and the bias of short_convolution.wgsl, with u = B * x and dv = dy * C:
//
// gradient[c, k] (+)= sum over r of dv[r, c] * u[r - (kernel - 1) + k, c]      while that row is in r's example
//
// With BIAS
//
// gradient[c] (+)= sum over r of dv[r, c]
//
// dy        f32 [rows, channels]
// bcx       f32 [rows, 3, channels]     B, C and x
// segments  u32 [rows, 2]               first row and end of the row's example
// gradient  f32 [channels, kernel]      with BIAS [channels]
// dispatch 16 threads per element of the gradient, 4 elements a workgroup, workgroups spread over x and y

#include lib/run

override channels: u32;
#if !BIAS
override kernel: u32;
#endif
override further: u32;      // 1: an earlier kernel has written to the gradient

@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> bcx: array<f32>;
@group(0) @binding(3) var<storage, read> segments: array<u32>;
@group(0) @binding(4) var<storage, read_write> gradient: array<f32>;

var<workgroup> partial: array<f32, 64>;

@compute @workgroup_size(64)
fn short_convolution_weight_gradient(@builtin(workgroup_id) group: vec3u,
                                     @builtin(num_workgroups) groups: vec3u,
                                     @builtin(local_invocation_index) thread: u32) {
  let element = (group.x + group.y * groups.x) * 4u + thread % 4u;
  let lane = thread / 4u;
#if BIAS
  let count = channels;
  let channel = element;
#else
  let count = channels * kernel;
  let channel = element / kernel;
  let back = kernel - 1u - element % kernel;
#endif
  let stride = 3u * channels;
  var sum = 0.0;
  if (element < count) {
    for (var row = lane; row < run.rows; row += 16u) {
      let dv = dy[row * channels + channel] * bcx[row * stride + channels + channel];
#if BIAS
      sum += dv;
#else
      if (back > row - segments[2u * row]) { continue; }
      let earlier = (row - back) * stride + channel;
      sum += dv * bcx[earlier] * bcx[earlier + 2u * channels];
#endif
    }
  }
  partial[thread] = sum;
  workgroupBarrier();
  for (var half = 8u; half > 0u; half /= 2u) {
    if (lane < half) { partial[thread] += partial[thread + 4u * half]; }
    workgroupBarrier();
  }
  if (lane > 0u || element >= count) { return; }
  var result = partial[thread];
  if (further == 1u || run.accumulate == 1u) { result += gradient[element]; }
  gradient[element] = result;
}
