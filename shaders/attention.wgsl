// o[i, h] = sum over j of p[i, h, j] * v[j, h / group]      p[i, h, j] = exp(s[i, h, j] - log_sum_exp[i, h])
// s[i, h, j] = scale * dot(q[i, h], k[j, h / group])        log_sum_exp[i, h] = log(sum over j of exp(s[i, h, j]))
//
// Row i sees the rows j of its own example up to itself, and of those the last `window`. With CACHED, k and v are the
// caches, row i is the cache's row run.past + i, and there is one example.
//
// q, o         f32 [rows, heads, head_dim]
// k, v         f32 [rows or cache rows, heads / group, head_dim]
// segments     u32 [rows, 2]      not with CACHED: first row and end of the row's example
// log_sum_exp  f32 [rows, heads]  not with CACHED: kept for the gradient
//
// In tiles, with a running maximum (Milakov & Gimelshein 2018; Dao et al. 2022, FlashAttention). A thread has 8 query rows
// by 4 keys of the scores, and the same 8 rows by 4 columns of the output. So a tile has as many keys as a head has
// dimensions, and every thread works in both products.
// dispatch  (ceil(rows / (8 * threads_y)), heads); head_dim / 4 by threads_y threads

#include lib/run
#include lib/attention

override threads_y: u32;

@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> o: array<vec4f>;
#if !CACHED
@group(0) @binding(5) var<storage, read> segments: array<vec2u>;
@group(0) @binding(6) var<storage, read_write> log_sum_exp: array<f32>;
#endif

var<workgroup> weights: array<vec4f, 8u * threads_y * head_dim4>;    // of the tile's rows for 4 keys each
var<workgroup> partial: array<vec4f, 2u * threads_y * head_dim4>;    // of a thread for its 8 rows

// The first key that a row sees.
fn first_key(row: u32) -> u32 {
#if CACHED
  let end = run.past + row + 1u;
  return end - min(end, window);
#else
  return max(segments[row].x, row + 1u - min(row + 1u, window));
#endif
}

@compute @workgroup_size(head_dim4, threads_y)
fn attention(@builtin(workgroup_id) group_id: vec3u,
             @builtin(num_workgroups) groups: vec3u,
             @builtin(local_invocation_id) thread: vec3u) {
  // The last rows have the most keys: they come first, so that the device ends in small tiles.
  let tile_row = (groups.x - 1u - group_id.x) * 8u * threads_y;
  if (tile_row >= run.rows) { return; }
  let last = min(tile_row + 8u * threads_y, run.rows) - 1u;
  let head = group_id.y;
#if CACHED
  let past = run.past;
#else
  let past = 0u;
#endif
  let end = past + last + 1u;

  let row = min(tile_row + 8u * thread.y, last) + vec4u(0u, 1u, 2u, 3u);
  let low = min(row, vec4u(last));          // rows past the end repeat the last one and are not stored
  let high = min(row + 4u, vec4u(last));
  let start_low = vec4u(first_key(low.x), first_key(low.y), first_key(low.z), first_key(low.w));
  let start_high = vec4u(first_key(high.x), first_key(high.y), first_key(high.z), first_key(high.w));
  let q_low = (low * heads + head) * head_dim4;
  let q_high = (high * heads + head) * head_dim4;
  let stride = heads / group * head_dim4;
  let column = head / group * head_dim4;
  let mine = thread.y * head_dim4 + thread.x;

  var max_low = vec4f(LOWEST);
  var max_high = vec4f(LOWEST);
  var sum_low = vec4f();
  var sum_high = vec4f();
  var o0 = vec4f();
  var o1 = vec4f();
  var o2 = vec4f();
  var o3 = vec4f();
  var o4 = vec4f();
  var o5 = vec4f();
  var o6 = vec4f();
  var o7 = vec4f();
  for (var tile = first_key(tile_row); tile < end; tile += 4u * head_dim4) {
    let key = tile + 4u * thread.x + vec4u(0u, 1u, 2u, 3u);
    var s0 = vec4f();
    var s1 = vec4f();
    var s2 = vec4f();
    var s3 = vec4f();
    var s4 = vec4f();
    var s5 = vec4f();
    var s6 = vec4f();
    var s7 = vec4f();
    if (key.x <= past + high.w && key.w >= start_low.x) {
      let k4 = min(key, vec4u(end - 1u)) * stride + column;
      for (var d = 0u; d < head_dim4; d++) {
        let keys = mat4x4f(k[k4.x + d], k[k4.y + d], k[k4.z + d], k[k4.w + d]);
        s0 += q[q_low.x + d] * keys;
        s1 += q[q_low.y + d] * keys;
        s2 += q[q_low.z + d] * keys;
        s3 += q[q_low.w + d] * keys;
        s4 += q[q_high.x + d] * keys;
        s5 += q[q_high.y + d] * keys;
        s6 += q[q_high.z + d] * keys;
        s7 += q[q_high.w + d] * keys;
      }
    }
    s0 = masked(s0 * (scale * LOG2_E), key, start_low.x, past + low.x);
    s1 = masked(s1 * (scale * LOG2_E), key, start_low.y, past + low.y);
    s2 = masked(s2 * (scale * LOG2_E), key, start_low.z, past + low.z);
    s3 = masked(s3 * (scale * LOG2_E), key, start_low.w, past + low.w);
    s4 = masked(s4 * (scale * LOG2_E), key, start_high.x, past + high.x);
    s5 = masked(s5 * (scale * LOG2_E), key, start_high.y, past + high.y);
    s6 = masked(s6 * (scale * LOG2_E), key, start_high.z, past + high.z);
    s7 = masked(s7 * (scale * LOG2_E), key, start_high.w, past + high.w);

    partial[2u * mine] = vec4f(largest(s0), largest(s1), largest(s2), largest(s3));
    partial[2u * mine + 1u] = vec4f(largest(s4), largest(s5), largest(s6), largest(s7));
    workgroupBarrier();
    let before_low = max_low;
    let before_high = max_high;
    for (var x = 0u; x < head_dim4; x++) {
      max_low = max(max_low, partial[2u * (thread.y * head_dim4 + x)]);
      max_high = max(max_high, partial[2u * (thread.y * head_dim4 + x) + 1u]);
    }
    // A row that has seen no key of its own yet adds up weights of 1 here; its first key then scales them by 0.
    let kept_low = exp2(before_low - max_low);
    let kept_high = exp2(before_high - max_high);
    s0 = exp2(s0 - max_low.x);
    s1 = exp2(s1 - max_low.y);
    s2 = exp2(s2 - max_low.z);
    s3 = exp2(s3 - max_low.w);
    s4 = exp2(s4 - max_high.x);
    s5 = exp2(s5 - max_high.y);
    s6 = exp2(s6 - max_high.z);
    s7 = exp2(s7 - max_high.w);
    sum_low = sum_low * kept_low + vec4f(total(s0), total(s1), total(s2), total(s3));
    sum_high = sum_high * kept_high + vec4f(total(s4), total(s5), total(s6), total(s7));
    let w = 8u * thread.y * head_dim4;
    weights[w + thread.x] = s0;
    weights[w + head_dim4 + thread.x] = s1;
    weights[w + 2u * head_dim4 + thread.x] = s2;
    weights[w + 3u * head_dim4 + thread.x] = s3;
    weights[w + 4u * head_dim4 + thread.x] = s4;
    weights[w + 5u * head_dim4 + thread.x] = s5;
    weights[w + 6u * head_dim4 + thread.x] = s6;
    weights[w + 7u * head_dim4 + thread.x] = s7;
    workgroupBarrier();

    o0 *= kept_low.x;
    o1 *= kept_low.y;
    o2 *= kept_low.z;
    o3 *= kept_low.w;
    o4 *= kept_high.x;
    o5 *= kept_high.y;
    o6 *= kept_high.z;
    o7 *= kept_high.w;
    let vectors = min(head_dim4, (end - tile + 3u) / 4u);
    for (var x = 0u; x < vectors; x++) {
      let v4 = min(tile + 4u * x + vec4u(0u, 1u, 2u, 3u), vec4u(end - 1u)) * stride + column + thread.x;
      let values = mat4x4f(v[v4.x], v[v4.y], v[v4.z], v[v4.w]);
      o0 += values * weights[w + x];
      o1 += values * weights[w + head_dim4 + x];
      o2 += values * weights[w + 2u * head_dim4 + x];
      o3 += values * weights[w + 3u * head_dim4 + x];
      o4 += values * weights[w + 4u * head_dim4 + x];
      o5 += values * weights[w + 5u * head_dim4 + x];
      o6 += values * weights[w + 6u * head_dim4 + x];
      o7 += values * weights[w + 7u * head_dim4 + x];
    }
  }

  partial[2u * mine] = sum_low;
  partial[2u * mine + 1u] = sum_high;
  workgroupBarrier();
  sum_low = vec4f();
  sum_high = vec4f();
  for (var x = 0u; x < head_dim4; x++) {
    sum_low += partial[2u * (thread.y * head_dim4 + x)];
    sum_high += partial[2u * (thread.y * head_dim4 + x) + 1u];
  }
  let first = tile_row + 8u * thread.y;
  store(first, last, head, thread.x, o0 / sum_low.x);
  store(first + 1u, last, head, thread.x, o1 / sum_low.y);
  store(first + 2u, last, head, thread.x, o2 / sum_low.z);
  store(first + 3u, last, head, thread.x, o3 / sum_low.w);
  store(first + 4u, last, head, thread.x, o4 / sum_high.x);
  store(first + 5u, last, head, thread.x, o5 / sum_high.y);
  store(first + 6u, last, head, thread.x, o6 / sum_high.z);
  store(first + 7u, last, head, thread.x, o7 / sum_high.w);
#if !CACHED
  if (thread.x == 0u) {
    let lse_low = (max_low + log2(sum_low)) / LOG2_E;
    let lse_high = (max_high + log2(sum_high)) / LOG2_E;
    for (var i = 0u; i < 4u; i++) {
      if (first + i <= last) { log_sum_exp[(first + i) * heads + head] = lse_low[i]; }
      if (first + 4u + i <= last) { log_sum_exp[(first + 4u + i) * heads + head] = lse_high[i]; }
    }
  }
#endif
}

fn store(row: u32, last: u32, head: u32, column: u32, value: vec4f) {
  if (row <= last) { o[(row * heads + head) * head_dim4 + column] = value; }
}
