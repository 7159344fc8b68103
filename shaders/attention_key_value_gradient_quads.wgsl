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
  let key$a = min(quad_key + 4u * $au + STEPS, vec4u(last_key));   // keys past the end repeat the last and are not stored
  let last$a = vec4u(last_row(key$a.x), last_row(key$a.y), last_row(key$a.z), last_row(key$a.w));
  let own$a = (key$a[lane] * kv_heads + kv_head) * head_dim4;
#for c in COLUMNS
  var dk$a_$c = mat4x4f();
  var dv$a_$c = mat4x4f();
#end
#end

  for (var head = kv_head * group; head < (kv_head + 1u) * group; head++) {
    for (var tile = tile_key; tile < end; tile += 16u) {
      let row = tile + 4u * lane + STEPS;
      let head_row = min(row, vec4u(end - 1u)) * heads + head;
      let of_rows = transpose(mat4x2f(stats[head_row.x], stats[head_row.y], stats[head_row.z], stats[head_row.w]));
      let log2_sum = of_rows[0] * LOG2_E;
      let delta = of_rows[1];
      let q4 = head_row * head_dim4;
#for a in ROWS4
      var s$a = mat4x4f();
      var dp$a = mat4x4f();
#end
      for (var d = 0u; d < head_dim4; d++) {
        let queries = transpose(mat4x4f(q[q4.x + d], q[q4.y + d], q[q4.z + d], q[q4.w + d]));
        let gradients = transpose(mat4x4f(d_o[q4.x + d], d_o[q4.y + d], d_o[q4.z + d], d_o[q4.w + d]));
#for a in ROWS4
        s$a += queries * quad_all(k[own$a + d]);
        dp$a += gradients * quad_all(v[own$a + d]);
#end
      }
#for a in ROWS4
      s$a = seen(s$a * (scale * LOG2_E), row, key$a, last$a);
      s$a = mat4x4f(exp2(s$a[0] - log2_sum), exp2(s$a[1] - log2_sum), exp2(s$a[2] - log2_sum), exp2(s$a[3] - log2_sum));
      dp$a = mat4x4f(
        s$a[0] * (dp$a[0] - delta), s$a[1] * (dp$a[1] - delta), s$a[2] * (dp$a[2] - delta), s$a[3] * (dp$a[3] - delta));
#end
      for (var turn = 0u; turn < 4u; turn++) {
        let turned = min(tile + 4u * (lane ^ turn) + STEPS, vec4u(end - 1u));
        let turned4 = (turned * heads + head) * head_dim4 + COLUMNS * lane;
#for c in COLUMNS
        let gradients$c = mat4x4f(d_o[turned4.x + $cu], d_o[turned4.y + $cu], d_o[turned4.z + $cu], d_o[turned4.w + $cu]);
        let queries$c = mat4x4f(q[turned4.x + $cu], q[turned4.y + $cu], q[turned4.z + $cu], q[turned4.w + $cu]);
#for a in ROWS4
        dv$a_$c += gradients$c * s$a;
        dk$a_$c += queries$c * dp$a;
#end
#end
#for a in ROWS4
        s$a = quad_turn(s$a, turn);
        dp$a = quad_turn(dp$a, turn);
#end
      }
    }
  }

#for a in ROWS4
#for i in 4
  if (quad_key + 4u * $au + $iu <= last_key) {
    let place = ((quad_key + 4u * $au + $iu) * kv_heads + kv_head) * head_dim4 + COLUMNS * lane;
#for c in COLUMNS
    dk[place + $cu] = scale * dk$a_$c[$i];
    dv[place + $cu] = dv$a_$c[$i];
#end
  }
#end
#end
}
