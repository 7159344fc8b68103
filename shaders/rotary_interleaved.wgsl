// y[r, h, 2i]     = x[r, h, 2i] * cos - x[r, h, 2i + 1] * sin        for i < half = dim / 2
// y[r, h, 2i + 1] = x[r, h, 2i + 1] * cos + x[r, h, 2i] * sin
// y[r, h, i]      = x[r, h, i]                                       for i from dim on
//
// cos = table[positions[r], i], sin = direction * table[positions[r], half + i], as in rotary.wgsl
//
// x, y       f32 [rows, heads, head_dim]
// positions  u32 [rows]
// table      f32 [max_positions, dim]
// dispatch one thread per two elements, 64 a workgroup, workgroups spread over x and y

override heads: u32;
override half: u32;
override kept: u32 = 0;     // pairs of a head that are not turned
override direction: f32;

@group(0) @binding(1) var<storage, read> x: array<vec2f>;
@group(0) @binding(2) var<storage, read> positions: array<u32>;
@group(0) @binding(3) var<storage, read> table: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<vec2f>;

@compute @workgroup_size(64)
fn rotary_interleaved(@builtin(workgroup_id) group: vec3u,
                      @builtin(num_workgroups) groups: vec3u,
                      @builtin(local_invocation_index) thread: u32) {
  let index = (group.x + group.y * groups.x) * 64u + thread;
  if (index >= arrayLength(&y)) { return; }
  let head = index / (half + kept);
  let i = index % (half + kept);
  let pair = x[index];
  if (i >= half) {
    y[index] = pair;
    return;
  }
  let entry = positions[head / heads] * half * 2u + i;
  let cosine = table[entry];
  let sine = direction * table[entry + half];
  y[index] = pair * cosine + vec2f(-pair.y, pair.x) * sine;
}
