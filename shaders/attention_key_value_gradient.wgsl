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
// A thread has 8 keys by 4 query rows, then the same keys by 4 columns of the results.
// dispatch  (ceil(rows / (8 * threads_y)), heads / group); head_dim / 4 by threads_y threads

#include lib/run
#include lib/attention

override threads_y: u32;

@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> segments: array<vec2u>;
@group(0) @binding(5) var<storage, read> stats: array<vec2f>;
@group(0) @binding(6) var<storage, read> d_o: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dk: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> dv: array<vec4f>;

var<workgroup> weights: array<vec4f, 8u * threads_y * head_dim4>;
var<workgroup> score_gradients: array<vec4f, 8u * threads_y * head_dim4>;

// The last row that sees a key.
fn last_row(key: u32) -> u32 {
  let end = min(segments[key].y, run.rows);
  return key + min(end - key, window) - 1u;
}

// p, where the row sees the key, else 0; of one key for four rows.
fn weight(s: vec4f, log_sum_exp: vec4f, row: vec4u, first: u32, last: u32) -> vec4f {
  return exp2(masked((s * scale - log_sum_exp) * LOG2_E, row, first, last));
}

@compute @workgroup_size(head_dim4, threads_y)
fn attention_key_value_gradient(@builtin(workgroup_id) group_id: vec3u,
                                @builtin(local_invocation_id) thread: vec3u) {
  let tile_key = group_id.x * 8u * threads_y;
  if (tile_key >= run.rows) { return; }
  let last = min(tile_key + 8u * threads_y, run.rows) - 1u;
  let end = last_row(last) + 1u;

  let key = min(tile_key + 8u * thread.y, last) + vec4u(0u, 1u, 2u, 3u);
  let low = min(key, vec4u(last));          // keys past the end repeat the last one and are not stored
  let high = min(key + 4u, vec4u(last));
  let last_low = vec4u(last_row(low.x), last_row(low.y), last_row(low.z), last_row(low.w));
  let last_high = vec4u(last_row(high.x), last_row(high.y), last_row(high.z), last_row(high.w));
  let kv_heads = heads / group;
  let k_low = (low * kv_heads + group_id.y) * head_dim4;
  let k_high = (high * kv_heads + group_id.y) * head_dim4;
  let mine = 8u * thread.y * head_dim4;

  var dk0 = vec4f();
  var dk1 = vec4f();
  var dk2 = vec4f();
  var dk3 = vec4f();
  var dk4 = vec4f();
  var dk5 = vec4f();
  var dk6 = vec4f();
  var dk7 = vec4f();
  var dv0 = vec4f();
  var dv1 = vec4f();
  var dv2 = vec4f();
  var dv3 = vec4f();
  var dv4 = vec4f();
  var dv5 = vec4f();
  var dv6 = vec4f();
  var dv7 = vec4f();
  for (var head = group_id.y * group; head < (group_id.y + 1u) * group; head++) {
    for (var tile = tile_key; tile < end; tile += 4u * head_dim4) {
      let row = tile + 4u * thread.x + vec4u(0u, 1u, 2u, 3u);
      let head_row = min(row, vec4u(end - 1u)) * heads + head;
      let stats_x = stats[head_row.x];
      let stats_y = stats[head_row.y];
      let stats_z = stats[head_row.z];
      let stats_w = stats[head_row.w];
      let log_sum_exp = vec4f(stats_x.x, stats_y.x, stats_z.x, stats_w.x);
      let delta = vec4f(stats_x.y, stats_y.y, stats_z.y, stats_w.y);
      let q4 = head_row * head_dim4;
      let seen = row.w >= low.x && row.x <= last_high.w;
      var s0 = vec4f();
      var s1 = vec4f();
      var s2 = vec4f();
      var s3 = vec4f();
      var s4 = vec4f();
      var s5 = vec4f();
      var s6 = vec4f();
      var s7 = vec4f();
      if (seen) {
        for (var d = 0u; d < head_dim4; d++) {
          let queries = mat4x4f(q[q4.x + d], q[q4.y + d], q[q4.z + d], q[q4.w + d]);
          s0 += k[k_low.x + d] * queries;
          s1 += k[k_low.y + d] * queries;
          s2 += k[k_low.z + d] * queries;
          s3 += k[k_low.w + d] * queries;
          s4 += k[k_high.x + d] * queries;
          s5 += k[k_high.y + d] * queries;
          s6 += k[k_high.z + d] * queries;
          s7 += k[k_high.w + d] * queries;
        }
      }
      s0 = weight(s0, log_sum_exp, row, low.x, last_low.x);
      s1 = weight(s1, log_sum_exp, row, low.y, last_low.y);
      s2 = weight(s2, log_sum_exp, row, low.z, last_low.z);
      s3 = weight(s3, log_sum_exp, row, low.w, last_low.w);
      s4 = weight(s4, log_sum_exp, row, high.x, last_high.x);
      s5 = weight(s5, log_sum_exp, row, high.y, last_high.y);
      s6 = weight(s6, log_sum_exp, row, high.z, last_high.z);
      s7 = weight(s7, log_sum_exp, row, high.w, last_high.w);
      weights[mine + thread.x] = s0;
      weights[mine + head_dim4 + thread.x] = s1;
      weights[mine + 2u * head_dim4 + thread.x] = s2;
      weights[mine + 3u * head_dim4 + thread.x] = s3;
      weights[mine + 4u * head_dim4 + thread.x] = s4;
      weights[mine + 5u * head_dim4 + thread.x] = s5;
      weights[mine + 6u * head_dim4 + thread.x] = s6;
      weights[mine + 7u * head_dim4 + thread.x] = s7;
      var dp0 = vec4f();
      var dp1 = vec4f();
      var dp2 = vec4f();
      var dp3 = vec4f();
      var dp4 = vec4f();
      var dp5 = vec4f();
      var dp6 = vec4f();
      var dp7 = vec4f();
      if (seen) {
        for (var d = 0u; d < head_dim4; d++) {
          let gradients = mat4x4f(d_o[q4.x + d], d_o[q4.y + d], d_o[q4.z + d], d_o[q4.w + d]);
          dp0 += v[k_low.x + d] * gradients;
          dp1 += v[k_low.y + d] * gradients;
          dp2 += v[k_low.z + d] * gradients;
          dp3 += v[k_low.w + d] * gradients;
          dp4 += v[k_high.x + d] * gradients;
          dp5 += v[k_high.y + d] * gradients;
          dp6 += v[k_high.z + d] * gradients;
          dp7 += v[k_high.w + d] * gradients;
        }
      }
      score_gradients[mine + thread.x] = s0 * (dp0 - delta);
      score_gradients[mine + head_dim4 + thread.x] = s1 * (dp1 - delta);
      score_gradients[mine + 2u * head_dim4 + thread.x] = s2 * (dp2 - delta);
      score_gradients[mine + 3u * head_dim4 + thread.x] = s3 * (dp3 - delta);
      score_gradients[mine + 4u * head_dim4 + thread.x] = s4 * (dp4 - delta);
      score_gradients[mine + 5u * head_dim4 + thread.x] = s5 * (dp5 - delta);
      score_gradients[mine + 6u * head_dim4 + thread.x] = s6 * (dp6 - delta);
      score_gradients[mine + 7u * head_dim4 + thread.x] = s7 * (dp7 - delta);
      workgroupBarrier();
      let vectors = min(head_dim4, (end - tile + 3u) / 4u);
      for (var x = 0u; x < vectors; x++) {
        let rows = min(tile + 4u * x + vec4u(0u, 1u, 2u, 3u), vec4u(end - 1u));
        let i = (rows * heads + head) * head_dim4 + thread.x;
        let gradients = mat4x4f(d_o[i.x], d_o[i.y], d_o[i.z], d_o[i.w]);
        dv0 += gradients * weights[mine + x];
        dv1 += gradients * weights[mine + head_dim4 + x];
        dv2 += gradients * weights[mine + 2u * head_dim4 + x];
        dv3 += gradients * weights[mine + 3u * head_dim4 + x];
        dv4 += gradients * weights[mine + 4u * head_dim4 + x];
        dv5 += gradients * weights[mine + 5u * head_dim4 + x];
        dv6 += gradients * weights[mine + 6u * head_dim4 + x];
        dv7 += gradients * weights[mine + 7u * head_dim4 + x];
        let queries = mat4x4f(q[i.x], q[i.y], q[i.z], q[i.w]);
        dk0 += queries * score_gradients[mine + x];
        dk1 += queries * score_gradients[mine + head_dim4 + x];
        dk2 += queries * score_gradients[mine + 2u * head_dim4 + x];
        dk3 += queries * score_gradients[mine + 3u * head_dim4 + x];
        dk4 += queries * score_gradients[mine + 4u * head_dim4 + x];
        dk5 += queries * score_gradients[mine + 5u * head_dim4 + x];
        dk6 += queries * score_gradients[mine + 6u * head_dim4 + x];
        dk7 += queries * score_gradients[mine + 7u * head_dim4 + x];
      }
      workgroupBarrier();
    }
  }

  let first = tile_key + 8u * thread.y;
  store(first, last, group_id.y, thread.x, dk0, dv0);
  store(first + 1u, last, group_id.y, thread.x, dk1, dv1);
  store(first + 2u, last, group_id.y, thread.x, dk2, dv2);
  store(first + 3u, last, group_id.y, thread.x, dk3, dv3);
  store(first + 4u, last, group_id.y, thread.x, dk4, dv4);
  store(first + 5u, last, group_id.y, thread.x, dk5, dv5);
  store(first + 6u, last, group_id.y, thread.x, dk6, dv6);
  store(first + 7u, last, group_id.y, thread.x, dk7, dv7);
}

fn store(key: u32, last: u32, kv_head: u32, column: u32, dk4: vec4f, dv4: vec4f) {
  if (key > last) { return; }
  let i = (key * (heads / group) + kv_head) * head_dim4 + column;
  dk[i] = scale * dk4;
  dv[i] = dv4;
}
