// dq[i, h] = scale * sum over j of ds[i, h, j] * k[j, h / group]
// ds[i, h, j] = p[i, h, j] * (dot(do[i, h], v[j, h / group]) - delta[i, h])
// p[i, h, j] = exp(scale * dot(q[i, h], k[j, h / group]) - log_sum_exp[i, h])
//
// q, d_o, dq   f32 [rows, heads, head_dim]
// k, v         f32 [rows, heads / group, head_dim]
// segments     u32 [rows, 2]          first row and end of the row's example
// stats        f32 [rows, heads, 2]   log_sum_exp and delta
//
// As in attention.wgsl, a thread has 4 query rows by 4 keys, then the same rows by 4 columns of the result.
// dispatch  (ceil(rows / (4 * threads_y)), heads); head_dim / 4 by threads_y threads

#include lib/attention_gradient

@group(0) @binding(7) var<storage, read_write> dq: array<vec4f>;

var<workgroup> score_gradients: array<mat4x4f, threads_y * head_dim4>;   // each thread's block

@compute @workgroup_size(head_dim4, threads_y)
fn attention_query_gradient(@builtin(workgroup_id) group_id: vec3u,
                            @builtin(num_workgroups) groups: vec3u,
                            @builtin(local_invocation_id) thread: vec3u) {
  // The last rows have the most keys: they come first, so that the device ends in small tiles.
  let tile_row = (groups.x - 1u - group_id.x) * 4u * threads_y;
  if (tile_row >= run.rows) { return; }
  let last_row = min(tile_row + 4u * threads_y, run.rows) - 1u;
  let head = first_head() + group_id.y;

  let row = min(tile_row + 4u * thread.y + STEPS, vec4u(last_row));   // rows past the end repeat the last and are not stored
  let first = vec4u(first_key(row.x), first_key(row.y), first_key(row.z), first_key(row.w));
  let head_row = row * heads + head;
  let of_rows = transpose(mat4x2f(stats[head_row.x], stats[head_row.y], stats[head_row.z], stats[head_row.w]));
  let log2_sum = of_rows[0] * LOG2_E;
  let delta = of_rows[1];
  let q4 = head_row * head_dim4;
  let stride = heads / group * head_dim4;
  let column = head / group * head_dim4;
  let mates = thread.y * head_dim4;       // the threads of the same rows

  var sums = mat4x4f();
  for (var tile = first_key(tile_row); tile <= last_row; tile += 4u * head_dim4) {
    let key = tile + 4u * thread.x + STEPS;
    var s = mat4x4f();
    var dp = mat4x4f();
    if (key.x <= row.w && key.w >= first.x) {
      let k4 = min(key, vec4u(last_row)) * stride + column;
      for (var d = 0u; d < head_dim4; d++) {
        let queries = mat4x4f(q[q4.x + d], q[q4.y + d], q[q4.z + d], q[q4.w + d]);
        s += transpose(mat4x4f(k[k4.x + d], k[k4.y + d], k[k4.z + d], k[k4.w + d])) * queries;
        let gradients = mat4x4f(d_o[q4.x + d], d_o[q4.y + d], d_o[q4.z + d], d_o[q4.w + d]);
        dp += transpose(mat4x4f(v[k4.x + d], v[k4.y + d], v[k4.z + d], v[k4.w + d])) * gradients;
      }
    }
    s = seen(s * (scale * LOG2_E), key, first, row);
    score_gradients[mates + thread.x] = mat4x4f(
      exp2(s[0] - log2_sum.x) * (dp[0] - delta.x), exp2(s[1] - log2_sum.y) * (dp[1] - delta.y),
      exp2(s[2] - log2_sum.z) * (dp[2] - delta.z), exp2(s[3] - log2_sum.w) * (dp[3] - delta.w));
    workgroupBarrier();
    let blocks = min(head_dim4, (last_row - tile + 4u) / 4u);
    for (var x = 0u; x < blocks; x++) {
      let k4 = min(tile + 4u * x + STEPS, vec4u(last_row)) * stride + column + thread.x;
      sums += mat4x4f(k[k4.x], k[k4.y], k[k4.z], k[k4.w]) * score_gradients[mates + x];
    }
    workgroupBarrier();
  }

  for (var i = 0u; i < 4u; i++) {
    let stored = tile_row + 4u * thread.y + i;
    if (stored <= last_row) { dq[(stored * heads + head) * head_dim4 + thread.x] = scale * sums[i]; }
  }
}
