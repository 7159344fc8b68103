// dv[j, g] = sum over i and h of p[i, h, j] * do[i, h]                    h over the group's query heads, i over the rows
// dk[j, g] = scale * sum over i and h of ds[i, h, j] * q[i, h]            that see key j
//
// p and ds as in attention_query_gradient.wgsl
//
// q, d_o         f32 [rows, heads, head_dim]
// k, v, dk, dv   f32 [rows, heads / group, head_dim]
// segments       u32 [rows, 2]          first row and end of the row's example
// stats          f32 [rows, heads, 2]   log_sum_exp and delta
//
// A thread has 4 keys by 4 query rows, then the same keys by 4 columns of the results. Blocks are matrices with a key's
// values in each column.
// dispatch  (ceil(rows / (4 * threads_y)), heads / group); head_dim / 4 by threads_y threads

#include lib/attention_gradient

@group(0) @binding(7) var<storage, read_write> dk: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> dv: array<vec4f>;

var<workgroup> weights: array<mat4x4f, threads_y * head_dim4>;           // each thread's block
var<workgroup> score_gradients: array<mat4x4f, threads_y * head_dim4>;

@compute @workgroup_size(head_dim4, threads_y)
fn attention_key_value_gradient(@builtin(workgroup_id) group_id: vec3u,
                                @builtin(local_invocation_id) thread: vec3u) {
  let tile_key = group_id.x * 4u * threads_y;
  if (tile_key >= run.rows) { return; }
  let last_key = min(tile_key + 4u * threads_y, run.rows) - 1u;
  let end = last_row(last_key) + 1u;

  let key = min(tile_key + 4u * thread.y + STEPS, vec4u(last_key));   // keys past the end repeat the last and are not stored
  let last = vec4u(last_row(key.x), last_row(key.y), last_row(key.z), last_row(key.w));
  let kv_head = first_head() + group_id.y;
  let k4 = (key * (heads / group) + kv_head) * head_dim4;
  let mates = thread.y * head_dim4;       // the threads of the same keys

  var dk_sums = mat4x4f();
  var dv_sums = mat4x4f();
  for (var head = kv_head * group; head < (kv_head + 1u) * group; head++) {
    for (var tile = tile_key; tile < end; tile += 4u * head_dim4) {
      let row = tile + 4u * thread.x + STEPS;
      let head_row = min(row, vec4u(end - 1u)) * heads + head;
      let of_rows = transpose(mat4x2f(stats[head_row.x], stats[head_row.y], stats[head_row.z], stats[head_row.w]));
      let log2_sum = of_rows[0] * LOG2_E;
      let delta = of_rows[1];
      var s = mat4x4f();
      var dp = mat4x4f();
      if (row.w >= key.x && row.x <= last.w) {
        let q4 = head_row * head_dim4;
        for (var d = 0u; d < head_dim4; d++) {
          let keys = mat4x4f(k[k4.x + d], k[k4.y + d], k[k4.z + d], k[k4.w + d]);
          s += transpose(mat4x4f(q[q4.x + d], q[q4.y + d], q[q4.z + d], q[q4.w + d])) * keys;
          let values = mat4x4f(v[k4.x + d], v[k4.y + d], v[k4.z + d], v[k4.w + d]);
          dp += transpose(mat4x4f(d_o[q4.x + d], d_o[q4.y + d], d_o[q4.z + d], d_o[q4.w + d])) * values;
        }
      }
      s = seen(s * (scale * LOG2_E), row, key, last);
      let p = mat4x4f(exp2(s[0] - log2_sum), exp2(s[1] - log2_sum), exp2(s[2] - log2_sum), exp2(s[3] - log2_sum));
      weights[mates + thread.x] = p;
      score_gradients[mates + thread.x] = mat4x4f(
        p[0] * (dp[0] - delta), p[1] * (dp[1] - delta), p[2] * (dp[2] - delta), p[3] * (dp[3] - delta));
      workgroupBarrier();
      let blocks = min(head_dim4, (end - tile + 3u) / 4u);
      for (var x = 0u; x < blocks; x++) {
        let q4 = (min(tile + 4u * x + STEPS, vec4u(end - 1u)) * heads + head) * head_dim4 + thread.x;
        dv_sums += mat4x4f(d_o[q4.x], d_o[q4.y], d_o[q4.z], d_o[q4.w]) * weights[mates + x];
        dk_sums += mat4x4f(q[q4.x], q[q4.y], q[q4.z], q[q4.w]) * score_gradients[mates + x];
      }
      workgroupBarrier();
    }
  }

  for (var i = 0u; i < 4u; i++) {
    let stored = tile_key + 4u * thread.y + i;
    if (stored > last_key) { break; }
    let place = (stored * (heads / group) + kv_head) * head_dim4 + thread.x;
    dk[place] = scale * dk_sums[i];
    dv[place] = dv_sums[i];
  }
}
