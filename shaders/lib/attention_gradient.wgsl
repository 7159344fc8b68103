// The bindings of the kernels of attention's gradient, and which rows and keys see one another.
#include lib/run
#include lib/attention

@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> segments: array<vec2u>;
@group(0) @binding(5) var<storage, read> stats: array<vec2f>;
@group(0) @binding(6) var<storage, read> d_o: array<vec4f>;

// The first key that a row sees.
fn first_key(row: u32) -> u32 { return max(segments[row].x, row + 1u - min(row + 1u, window)); }

// The last row that sees a key.
fn last_row(key: u32) -> u32 {
  let end = min(segments[key].y, run.rows);
  return key + min(end - key, window) - 1u;
}
