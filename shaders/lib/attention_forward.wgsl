// The bindings of the attention kernels, and the keys that a row sees.
#include lib/run
#include lib/attention

@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> o: array<vec4f>;
#if !CACHED
@group(0) @binding(5) var<storage, read> segments: array<vec2u>;
@group(0) @binding(6) var<storage, read_write> log_sum_exp: array<f32>;
#endif

// The first key that a row sees.
fn first_key(row: u32) -> u32 {
#if CACHED
  let end = run.past + row + 1u;
  return end - min(end, window);
#else
  return max(segments[row].x, row + 1u - min(row + 1u, window));
#endif
}
