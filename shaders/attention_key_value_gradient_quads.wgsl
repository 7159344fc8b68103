// The gradients of keys and values as attention_key_value_gradient.wgsl has them, by quads of threads as in
// attention_quads.wgsl: a quad has 4 * ROWS4 keys, and each of its threads reads four query rows at a time.
//
// dispatch  (ceil(rows / (threads * ROWS4)), heads / group); threads / 4 quads

enable subgroups;

#include lib/attention_gradient
#include lib/quad

override threads: u32 = 4;

@group(0) @binding(7) var<storage, read_write> dk: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> dv: array<vec4f>;

@compute @workgroup_size(threads)
fn attention_key_value_gradient_quads(@builtin(workgroup_id) group_id: vec3u,
                                      @builtin(local_invocation_index) thread: u32) {
  let tile_key = group_id.x * threads * ROWS4;
  if (tile_key >= run.rows) { return; }
  let last_key = min(tile_key + threads * ROWS4, run.rows) - 1u;
  let end = last_row(last_key) + 1u;

  let lane = thread % 4u;
  let quad_key = tile_key + thread / 4u * (4u * ROWS4);
  let kv_heads = heads / group;
  let kv_head = first_head() + group_id.y;
#for a in ROWS4
  // Keys past the end repeat the last and are not stored.
  let key$a = min(quad_key + 4u * $au + (vec4u(lane) ^ STEPS), vec4u(last_key));
  let last$a = vec4f(vec4u(last_row(key$a.x), last_row(key$a.y), last_row(key$a.z), last_row(key$a.w)));
  let own$a = (key$a.x * kv_heads + kv_head) * head_dim4;
#for c in COLUMNS
  var dk$a_$c = mat4x4f();
  var dv$a_$c = mat4x4f();
#end
#end

  for (var head = kv_head * group; head < (kv_head + 1u) * group; head++) {
    for (var tile = tile_key; tile < end; tile += 16u) {
      let row = tile + 4u * lane + STEPS;
      let head_row = min(row, vec4u(end - 1u)) * heads + head;
      let q4 = head_row * head_dim4;
      let of_rows = transpose(mat4x2f(stats[head_row.x], stats[head_row.y], stats[head_row.z], stats[head_row.w]));
      let log2_sum = of_rows[0] * LOG2_E;
      let delta = of_rows[1];
#for a in ROWS4
      var s$a = mat4x4f();
      var dp$a = mat4x4f();
#end
      for (var d = 0u; d < head_dim4; d++) {
        let queries = transpose(mat4x4f(q[q4.x + d], q[q4.y + d], q[q4.z + d], q[q4.w + d]));
#for a in ROWS4
        s$a += queries * quad_all(k[own$a + d]);
#end
      }
      for (var d = 0u; d < head_dim4; d++) {
        let gradients = transpose(mat4x4f(d_o[q4.x + d], d_o[q4.y + d], d_o[q4.z + d], d_o[q4.w + d]));
#for a in ROWS4
        dp$a += gradients * quad_all(v[own$a + d]);
#end
      }
#for a in ROWS4
      let t$a = quad_seen(s$a * (scale * LOG2_E), vec4f(row), vec4f(key$a), last$a);
      var p$a = mat4x4f(exp2(t$a[0] - log2_sum), exp2(t$a[1] - log2_sum), exp2(t$a[2] - log2_sum), exp2(t$a[3] - log2_sum));
      var ds$a = mat4x4f(
        p$a[0] * (dp$a[0] - delta), p$a[1] * (dp$a[1] - delta), p$a[2] * (dp$a[2] - delta), p$a[3] * (dp$a[3] - delta));
#end
#if TWICE
      for (var turn = 0u; turn < 4u; turn += TURNS) {
#else
      {
        let turn = 0u;
#endif
#for t in TURNS
        let turned$t = min(tile + 4u * (lane ^ (turn + $tu)) + STEPS, vec4u(end - 1u));
        let turned4_$t = (turned$t * heads + head) * head_dim4 + COLUMNS * lane;
#for a in ROWS4
        let p$a_$t = quad_turn_$t(p$a);
        let ds$a_$t = quad_turn_$t(ds$a);
#end
#end
#for c in COLUMNS
#for t in TURNS
        let gradients$c_$t = mat4x4f(
          d_o[turned4_$t.x + $cu], d_o[turned4_$t.y + $cu], d_o[turned4_$t.z + $cu], d_o[turned4_$t.w + $cu]);
        let queries$c_$t = mat4x4f(q[turned4_$t.x + $cu], q[turned4_$t.y + $cu], q[turned4_$t.z + $cu], q[turned4_$t.w + $cu]);
#end
#for a in ROWS4
        dv$a_$c = dv$a_$c
#for t in TURNS
          + gradients$c_$t * p$a_$t
#end
          ;
        dk$a_$c = dk$a_$c
#for t in TURNS
          + queries$c_$t * ds$a_$t
#end
          ;
#end
#end
#if TWICE
#for a in ROWS4
        p$a = quad_turn_2(p$a);
        ds$a = quad_turn_2(ds$a);
#end
#endif
      }
    }
  }

#for a in ROWS4
#for i in 4
  if (quad_key + 4u * $au + (lane ^ $iu) <= last_key) {
    let place = (key$a[$i] * kv_heads + kv_head) * head_dim4 + COLUMNS * lane;
#for c in COLUMNS
    dk[place + $cu] = scale * dk$a_$c[$i];
    dv[place + $cu] = dv$a_$c[$i];
#end
  }
#end
#end
}
