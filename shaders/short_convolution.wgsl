// y[r, c] = C[r, c] * (bias[c] + sum over k of weight[c, k] * u[r - (kernel - 1) + k, c])      u = B * x, element by element
//
// A row of bcx holds B, C and x, `channels` values each. Rows before the first of r's example count as 0.
//
// With CACHED the rows follow the `past` ones of a sequence: u of row p is in row p mod ring_rows of `state`, to which the
// rows add theirs.
//
// bcx       f32 [rows, 3, channels]
// weight    f32 [channels, kernel]
// bias      f32 [channels]              with BIAS
// segments  u32 [rows, 2]               first row and end of the row's example; without CACHED
// state     f32 [ring_rows, channels]   at least rows + kernel - 1 of them; with CACHED
// y         f32 [rows, channels]
// dispatch  one thread per element of y, 64 a workgroup, workgroups spread over x and y

#include lib/run

override channels: u32;
override kernel: u32;
override ring_rows: u32 = 1;

@group(0) @binding(1) var<storage, read> bcx: array<f32>;
@group(0) @binding(2) var<storage, read> weight: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
#if CACHED
@group(0) @binding(4) var<storage, read_write> state: array<f32>;
#else
@group(0) @binding(4) var<storage, read> segments: array<u32>;
#endif
#if BIAS
@group(0) @binding(5) var<storage, read> bias: array<f32>;
#endif

fn gated(row: u32, channel: u32) -> f32 {
  let first = row * 3u * channels + channel;
  return bcx[first] * bcx[first + 2u * channels];
}

@compute @workgroup_size(64)
fn short_convolution(@builtin(workgroup_id) group: vec3u,
                     @builtin(num_workgroups) groups: vec3u,
                     @builtin(local_invocation_index) thread: u32) {
  let index = (group.x + group.y * groups.x) * 64u + thread;
  let row = index / channels;
  let channel = index % channels;
  if (row >= run.rows) { return; }
#if CACHED
  let position = run.past + row;
#else
  let position = row - segments[2u * row];
#endif

#if BIAS
  var sum = bias[channel];
#else
  var sum = 0.0;
#endif
  for (var k = 0u; k < kernel; k++) {
    let back = kernel - 1u - k;
    if (back > position) { continue; }
    var u: f32;
#if CACHED
    if (back > row) {
      u = state[(position - back) % ring_rows * channels + channel];
    } else {
      u = gated(row - back, channel);
    }
#else
    u = gated(row - back, channel);
#endif
    sum += weight[channel * kernel + k] * u;
  }
  y[row * channels + channel] = bcx[(row * 3u + 1u) * channels + channel] * sum;
#if CACHED
  state[position % ring_rows * channels + channel] = gated(row, channel);
#endif
}
