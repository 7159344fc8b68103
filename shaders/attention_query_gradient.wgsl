// dq[i, h] = scale * sum over j of ds[i, h, j] * k[j, h / group]
// ds[i, h, j] = p[i, h, j] * (dot(do[i, h], v[j, h / group]) - delta[i, h])
// p[i, h, j] = exp(scale * dot(q[i, h], k[j, h / group]) - log_sum_exp[i, h])
//
// q, d_o, dq   f32 [rows, heads, head_dim]
// k, v         f32 [rows, heads / group, head_dim]
// segments     u32 [rows, 2]          first row and end of the row's example
// stats        f32 [rows, heads, 2]   log_sum_exp and delta
//
// As in attention.wgsl, a thread has 8 query rows by 4 keys, then the same rows by 4 columns of the result.
// dispatch  (ceil(rows / (8 * threads_y)), heads); head_dim / 4 by threads_y threads

#include lib/run
#include lib/attention

override threads_y: u32;

@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
@group(0) @binding(4) var<storage, read> segments: array<vec2u>;
@group(0) @binding(5) var<storage, read> stats: array<vec2f>;
@group(0) @binding(6) var<storage, read> d_o: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> dq: array<vec4f>;

var<workgroup> score_gradients: array<vec4f, 8u * threads_y * head_dim4>;

// The first key that a row sees.
fn first_key(row: u32) -> u32 { return max(segments[row].x, row + 1u - min(row + 1u, window)); }

// p, where the row sees the key, else 0.
fn weights(s: vec4f, log_sum_exp: f32, key: vec4u, first: u32, last: u32) -> vec4f {
  return exp2(masked((s * scale - log_sum_exp) * LOG2_E, key, first, last));
}

@compute @workgroup_size(head_dim4, threads_y)
fn attention_query_gradient(@builtin(workgroup_id) group_id: vec3u,
                            @builtin(num_workgroups) groups: vec3u,
                            @builtin(local_invocation_id) thread: vec3u) {
  // The last rows have the most keys: they come first, so that the device ends in small tiles.
  let tile_row = (groups.x - 1u - group_id.x) * 8u * threads_y;
  if (tile_row >= run.rows) { return; }
  let last = min(tile_row + 8u * threads_y, run.rows) - 1u;
  let head = group_id.y;

  let row = min(tile_row + 8u * thread.y, last) + vec4u(0u, 1u, 2u, 3u);
  let low = min(row, vec4u(last));          // rows past the end repeat the last one and are not stored
  let high = min(row + 4u, vec4u(last));
  let start_low = vec4u(first_key(low.x), first_key(low.y), first_key(low.z), first_key(low.w));
  let start_high = vec4u(first_key(high.x), first_key(high.y), first_key(high.z), first_key(high.w));
  let head_low = low * heads + head;
  let head_high = high * heads + head;
  let q_low = head_low * head_dim4;
  let q_high = head_high * head_dim4;
  let stats0 = stats[head_low.x];
  let stats1 = stats[head_low.y];
  let stats2 = stats[head_low.z];
  let stats3 = stats[head_low.w];
  let stats4 = stats[head_high.x];
  let stats5 = stats[head_high.y];
  let stats6 = stats[head_high.z];
  let stats7 = stats[head_high.w];
  let stride = heads / group * head_dim4;
  let column = head / group * head_dim4;
  let mine = 8u * thread.y * head_dim4;

  var dq0 = vec4f();
  var dq1 = vec4f();
  var dq2 = vec4f();
  var dq3 = vec4f();
  var dq4 = vec4f();
  var dq5 = vec4f();
  var dq6 = vec4f();
  var dq7 = vec4f();
  for (var tile = first_key(tile_row); tile <= last; tile += 4u * head_dim4) {
    let key = tile + 4u * thread.x + vec4u(0u, 1u, 2u, 3u);
    var s0 = vec4f();
    var s1 = vec4f();
    var s2 = vec4f();
    var s3 = vec4f();
    var s4 = vec4f();
    var s5 = vec4f();
    var s6 = vec4f();
    var s7 = vec4f();
    var dp0 = vec4f();
    var dp1 = vec4f();
    var dp2 = vec4f();
    var dp3 = vec4f();
    var dp4 = vec4f();
    var dp5 = vec4f();
    var dp6 = vec4f();
    var dp7 = vec4f();
    if (key.x <= high.w && key.w >= start_low.x) {
      let k4 = min(key, vec4u(last)) * stride + column;
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
      for (var d = 0u; d < head_dim4; d++) {
        let values = mat4x4f(v[k4.x + d], v[k4.y + d], v[k4.z + d], v[k4.w + d]);
        dp0 += d_o[q_low.x + d] * values;
        dp1 += d_o[q_low.y + d] * values;
        dp2 += d_o[q_low.z + d] * values;
        dp3 += d_o[q_low.w + d] * values;
        dp4 += d_o[q_high.x + d] * values;
        dp5 += d_o[q_high.y + d] * values;
        dp6 += d_o[q_high.z + d] * values;
        dp7 += d_o[q_high.w + d] * values;
      }
    }
    score_gradients[mine + thread.x] = weights(s0, stats0.x, key, start_low.x, low.x) * (dp0 - stats0.y);
    score_gradients[mine + head_dim4 + thread.x] = weights(s1, stats1.x, key, start_low.y, low.y) * (dp1 - stats1.y);
    score_gradients[mine + 2u * head_dim4 + thread.x] = weights(s2, stats2.x, key, start_low.z, low.z) * (dp2 - stats2.y);
    score_gradients[mine + 3u * head_dim4 + thread.x] = weights(s3, stats3.x, key, start_low.w, low.w) * (dp3 - stats3.y);
    score_gradients[mine + 4u * head_dim4 + thread.x] = weights(s4, stats4.x, key, start_high.x, high.x) * (dp4 - stats4.y);
    score_gradients[mine + 5u * head_dim4 + thread.x] = weights(s5, stats5.x, key, start_high.y, high.y) * (dp5 - stats5.y);
    score_gradients[mine + 6u * head_dim4 + thread.x] = weights(s6, stats6.x, key, start_high.z, high.z) * (dp6 - stats6.y);
    score_gradients[mine + 7u * head_dim4 + thread.x] = weights(s7, stats7.x, key, start_high.w, high.w) * (dp7 - stats7.y);
    workgroupBarrier();
    let vectors = min(head_dim4, (last - tile + 4u) / 4u);
    for (var x = 0u; x < vectors; x++) {
      let k4 = min(tile + 4u * x + vec4u(0u, 1u, 2u, 3u), vec4u(last)) * stride + column + thread.x;
      let keys = mat4x4f(k[k4.x], k[k4.y], k[k4.z], k[k4.w]);
      dq0 += keys * score_gradients[mine + x];
      dq1 += keys * score_gradients[mine + head_dim4 + x];
      dq2 += keys * score_gradients[mine + 2u * head_dim4 + x];
      dq3 += keys * score_gradients[mine + 3u * head_dim4 + x];
      dq4 += keys * score_gradients[mine + 4u * head_dim4 + x];
      dq5 += keys * score_gradients[mine + 5u * head_dim4 + x];
      dq6 += keys * score_gradients[mine + 6u * head_dim4 + x];
      dq7 += keys * score_gradients[mine + 7u * head_dim4 + x];
    }
    workgroupBarrier();
  }

  let first = tile_row + 8u * thread.y;
  store(first, last, head, thread.x, dq0);
  store(first + 1u, last, head, thread.x, dq1);
  store(first + 2u, last, head, thread.x, dq2);
  store(first + 3u, last, head, thread.x, dq3);
  store(first + 4u, last, head, thread.x, dq4);
  store(first + 5u, last, head, thread.x, dq5);
  store(first + 6u, last, head, thread.x, dq6);
  store(first + 7u, last, head, thread.x, dq7);
}

fn store(row: u32, last: u32, head: u32, column: u32, value: vec4f) {
  if (row <= last) { dq[(row * heads + head) * head_dim4 + column] = scale * value; }
}
