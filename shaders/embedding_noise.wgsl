// y[r, c] = x[r, c] + alpha / sqrt(L * C) * u      u uniform in [-1, 1); L = tokens of the row's example, C = elements of a row
//
// x, y      f32 [rows, C]
// segments  u32 [rows, 2]      first row of the row's example, and the row after its last
// dispatch one thread per four elements, 64 a workgroup, workgroups spread over x and y
//
// NEFTune (Jain et al. 2023, arXiv 2310.05914). u is a function of (element, micro-batch, seed).

#include lib/run
#include lib/random

override columns: u32;      // vectors of four
override alpha: f32;
override stream: u32;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> segments: array<vec2u>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn embedding_noise(@builtin(workgroup_id) group: vec3u,
                   @builtin(num_workgroups) groups: vec3u,
                   @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= arrayLength(&y)) { return; }
  let segment = segments[i / columns];
  let most = alpha / sqrt(f32(segment.y - segment.x) * f32(4u * columns));
  let draw = pcg4d(vec4u(i, stream, run.counter, run.seed));
  y[i] = x[i] + most * (vec4f(draw >> vec4u(8u)) * 0x1p-23f - 1.0);
}
