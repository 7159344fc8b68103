// The gradient of short_convolution.wgsl, with v = bias + sum over k of weight[., k] * u as computed there again:
//
// dC[r, c] = dy[r, c] * v[r, c]
// du[r, c] = sum over k of weight[c, k] * dy[s, c] * C[s, c]      s = r + (kernel - 1) - k, while it is in r's example
// dB[r, c] = du[r, c] * x[r, c]                                   dx[r, c] = du[r, c] * B[r, c]
//
// dy        f32 [rows, channels]
// bcx       f32 [rows, 3, channels]     B, C and x
// weight    f32 [channels, kernel]
// segments  u32 [rows, 2]               first row and end of the row's example
// dbcx      f32 [rows, 3, channels]
// bias      f32 [channels]              with BIAS
// dispatch  one thread per element of dy, 64 a workgroup, workgroups spread over x and y

#include lib/run

override channels: u32;
override kernel: u32;

@group(0) @binding(1) var<storage, read> dy: array<f32>;
@group(0) @binding(2) var<storage, read> bcx: array<f32>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read> segments: array<u32>;
@group(0) @binding(5) var<storage, read_write> dbcx: array<f32>;
#if BIAS
@group(0) @binding(6) var<storage, read> bias: array<f32>;
#endif

@compute @workgroup_size(64)
fn short_convolution_gradient(@builtin(workgroup_id) group: vec3u,
                              @builtin(num_workgroups) groups: vec3u,
                              @builtin(local_invocation_index) thread: u32) {
  let index = (group.x + group.y * groups.x) * 64u + thread;
  let row = index / channels;
  let channel = index % channels;
  if (row >= run.rows) { return; }
  let before = row - segments[2u * row];
  let after = segments[2u * row + 1u] - 1u - row;
  let stride = 3u * channels;
  let first = row * stride + channel;

#if BIAS
  var v = bias[channel];
#else
  var v = 0.0;
#endif
  var du = 0.0;
  for (var k = 0u; k < kernel; k++) {
    let distance = kernel - 1u - k;
    let factor = weight[channel * kernel + k];
    if (distance <= before) {
      let earlier = first - distance * stride;
      v += factor * bcx[earlier] * bcx[earlier + 2u * channels];
    }
    if (distance <= after) {
      let later = row + distance;
      du += factor * dy[later * channels + channel] * bcx[later * stride + channels + channel];
    }
  }
  dbcx[first] = du * bcx[first + 2u * channels];
  dbcx[first + channels] = dy[index] * v;
  dbcx[first + 2u * channels] = du * bcx[first];
}
