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
// In tiles, with a running maximum (Milakov & Gimelshein 2018; Dao et al. 2022, FlashAttention). A thread has 4 query rows
// by 4 keys of the scores, then the same 4 rows by 4 columns of the output. So a tile has as many keys as a head has
// dimensions, and every thread works in both products. Blocks are matrices with a query row's values in each column.
// dispatch  (ceil(rows / (4 * threads_y)), heads); head_dim / 4 by threads_y threads

#include lib/attention_forward

var<workgroup> weights: array<mat4x4f, threads_y * head_dim4>;   // each thread's block
var<workgroup> partial: array<vec4f, threads_y * head_dim4>;     // each thread's result for its 4 rows

@compute @workgroup_size(head_dim4, threads_y)
fn attention(@builtin(workgroup_id) group_id: vec3u,
             @builtin(num_workgroups) groups: vec3u,
             @builtin(local_invocation_id) thread: vec3u) {
  // The last rows have the most keys: they come first, so that the device ends in small tiles.
  let tile_row = (groups.x - 1u - group_id.x) * 4u * threads_y;
  if (tile_row >= run.rows) { return; }
  let last_row = min(tile_row + 4u * threads_y, run.rows) - 1u;
  let head = first_head() + group_id.y;
#if CACHED
  let past = run.past;
#else
  let past = 0u;
#endif
  let end = past + last_row + 1u;

  let row = min(tile_row + 4u * thread.y + STEPS, vec4u(last_row));   // rows past the end repeat the last and are not stored
  let first = vec4u(first_key(row.x), first_key(row.y), first_key(row.z), first_key(row.w));
  let last = past + row;
  let q4 = (row * heads + head) * head_dim4;
  let stride = heads / group * head_dim4;
  let column = head / group * head_dim4;
  let mates = thread.y * head_dim4;       // the threads of the same rows

  var highest = vec4f(LOWEST);
  var sum = vec4f();
  var sums = mat4x4f();
  for (var tile = first_key(tile_row); tile < end; tile += 4u * head_dim4) {
    let key = tile + 4u * thread.x + STEPS;
    var s = mat4x4f();
    if (key.x <= last.w && key.w >= first.x) {
      let k4 = min(key, vec4u(end - 1u)) * stride + column;
      for (var d = 0u; d < head_dim4; d++) {
        let queries = mat4x4f(q[q4.x + d], q[q4.y + d], q[q4.z + d], q[q4.w + d]);
        s += transpose(mat4x4f(k[k4.x + d], k[k4.y + d], k[k4.z + d], k[k4.w + d])) * queries;
      }
    }
    s = seen(s * (scale * LOG2_E), key, first, last);
    partial[mates + thread.x] = vec4f(largest(s[0]), largest(s[1]), largest(s[2]), largest(s[3]));
    workgroupBarrier();
    let before = highest;
    for (var x = 0u; x < head_dim4; x++) { highest = max(highest, partial[mates + x]); }
    // A row that has seen no key of its own yet adds up weights of 1 here; its first key then scales them by 0.
    let kept = exp2(before - highest);
    let p = mat4x4f(exp2(s[0] - highest.x), exp2(s[1] - highest.y), exp2(s[2] - highest.z), exp2(s[3] - highest.w));
    sum = sum * kept + vec4f(total(p[0]), total(p[1]), total(p[2]), total(p[3]));
    weights[mates + thread.x] = p;
    workgroupBarrier();

    sums = mat4x4f(sums[0] * kept.x, sums[1] * kept.y, sums[2] * kept.z, sums[3] * kept.w);
    let blocks = min(head_dim4, (end - tile + 3u) / 4u);
    for (var x = 0u; x < blocks; x++) {
      let v4 = min(tile + 4u * x + STEPS, vec4u(end - 1u)) * stride + column + thread.x;
      sums += mat4x4f(v[v4.x], v[v4.y], v[v4.z], v[v4.w]) * weights[mates + x];
    }
  }

  partial[mates + thread.x] = sum;
  workgroupBarrier();
  sum = vec4f();
  for (var x = 0u; x < head_dim4; x++) { sum += partial[mates + x]; }
  for (var i = 0u; i < 4u; i++) {
    let stored = tile_row + 4u * thread.y + i;
    if (stored > last_row) { break; }
    o[(stored * heads + head) * head_dim4 + thread.x] = sums[i] / sum[i];
#if !CACHED
    if (thread.x == 0u) { log_sum_exp[stored * heads + head] = (highest[i] + log2(sum[i])) / LOG2_E; }
#endif
  }
}
