// Turns the queries and keys of the rows after the `past` ones of a cache, and appends their keys and values to it:
//
// turned[r] = q[r], turned     key_cache[past + r] = k[r], turned     value_cache[past + r] = v[r]
//
// With ROTARY, pairs (a, b) of a head's first `dim` elements become (a cos - b sin, b cos + a sin) as in rotary.wgsl, or
// rotary_interleaved.wgsl with INTERLEAVED, by the angles of the position past + r. The rest passes through.
//
// q, turned               f32 [rows, heads, head_dim]
// k, v                    f32 [rows, kv_heads, head_dim]
// key_cache, value_cache  f32 [cache rows, kv_heads, head_dim]
// table                   f32 [max_positions, dim]       cosines, then sines
// dispatch  one thread per two elements, 64 a workgroup, workgroups spread over x and y

#include lib/run

override heads: u32;
override kv_heads: u32;
override pairs: u32;        // of a head
override half: u32 = 0;     // pairs of a head that are turned

@group(0) @binding(1) var<storage, read> q: array<f32>;
@group(0) @binding(2) var<storage, read> k: array<f32>;
@group(0) @binding(3) var<storage, read> v: array<f32>;
@group(0) @binding(4) var<storage, read_write> turned: array<f32>;
@group(0) @binding(5) var<storage, read_write> key_cache: array<f32>;
@group(0) @binding(6) var<storage, read_write> value_cache: array<f32>;
#if ROTARY
@group(0) @binding(7) var<storage, read> table: array<f32>;
#endif

// The places of a pair's two elements within a head.
fn places(pair: u32) -> vec2u {
#if ROTARY
#if !INTERLEAVED
  if (pair < half) { return vec2u(pair, pair + half); }
#endif
#endif
  return vec2u(2u * pair, 2u * pair + 1u);
}

fn rotated(two: vec2f, pair: u32, position: u32) -> vec2f {
#if ROTARY
  if (pair < half) {
    let entry = position * half * 2u + pair;
    return two * table[entry] + vec2f(-two.y, two.x) * table[entry + half];
  }
#endif
  return two;
}

@compute @workgroup_size(64)
fn rotary_cache(@builtin(workgroup_id) group: vec3u,
                @builtin(num_workgroups) groups: vec3u,
                @builtin(local_invocation_index) thread: u32) {
  let index = (group.x + group.y * groups.x) * 64u + thread;
  let pair = index % pairs;
  let slot = index / pairs % (heads + 2u * kv_heads);   // q's heads, then k's, then v's
  let row = index / pairs / (heads + 2u * kv_heads);
  if (row >= run.rows) { return; }
  let position = run.past + row;
  if (slot < heads) {
    let at = (row * heads + slot) * 2u * pairs + places(pair);
    let two = rotated(vec2f(q[at.x], q[at.y]), pair, position);
    turned[at.x] = two.x;
    turned[at.y] = two.y;
    return;
  }
  let is_key = slot < heads + kv_heads;
  let head = (slot - heads) % kv_heads;
  let at = (row * kv_heads + head) * 2u * pairs + places(pair);
  let target_at = (position * kv_heads + head) * 2u * pairs + places(pair);
  if (target_at.y >= arrayLength(&key_cache)) { return; }
  if (is_key) {
    let two = rotated(vec2f(k[at.x], k[at.y]), pair, position);
    key_cache[target_at.x] = two.x;
    key_cache[target_at.y] = two.y;
  } else {
    value_cache[target_at.x] = v[at.x];
    value_cache[target_at.y] = v[at.y];
  }
}
