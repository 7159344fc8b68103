// y[r, h, i]        = x[r, h, i] * cos - x[r, h, i + half] * sin        for i < half = dim / 2
// y[r, h, i + half] = x[r, h, i + half] * cos + x[r, h, i] * sin
// y[r, h, i]        = x[r, h, i]                                        for i from dim on
//
// cos = table[positions[r], i], sin = direction * table[positions[r], half + i]: the direction -1 rotates back, which
// is the gradient.
//
// x, y       f32 [rows, heads, head_dim]
// positions  u32 [rows]
// table      f32 [max_positions, dim]
// dispatch one thread per vector of the first half and of what is not turned, 64 a workgroup, workgroups spread over x and y

#include lib/vector

override heads: u32;
override half: u32;         // in vectors
override kept: u32 = 0;     // vectors of a head that are not turned
override direction: f32;

@group(0) @binding(1) var<storage, read> x: array<Vector>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> table: array<Vector>;
@group(0) @binding(4) var<storage, read_write> y: array<Vector>;

@compute @workgroup_size(64)
fn rotary(@builtin(workgroup_id) group: vec3u,
          @builtin(num_workgroups) groups: vec3u,
          @builtin(local_invocation_index) thread: u32) {
  let index = (group.x + group.y * groups.x) * 64u + thread;
  let head = index / (half + kept);
  let i = index % (half + kept);
  let first = head * (half * 2u + kept) + i;
  let second = first + half;
  if (second >= arrayLength(&y)) { return; }
  if (i >= half) {
    y[second] = x[second];
    return;
  }
  let entry = positions[head / heads] * half * 2u + i;
  let cosine = table[entry];
  let sine = direction * table[entry + half];
  y[first] = x[first] * cosine - x[second] * sine;
  y[second] = x[second] * cosine + x[first] * sine;
}
