// The gradient of the queries as attention_query_gradient.wgsl has it, by quads of threads as in attention_quads.wgsl.
//
// dispatch  (ceil(rows / (threads * ROWS4)), heads); threads / 4 quads

enable subgroups;

#include lib/attention_gradient
#include lib/quad

override threads: u32 = 4;

@group(0) @binding(7) var<storage, read_write> dq: array<vec4f>;

@compute @workgroup_size(threads)
fn attention_query_gradient_quads(@builtin(workgroup_id) group_id: vec3u,
                                  @builtin(num_workgroups) groups: vec3u,
                                  @builtin(local_invocation_index) thread: u32) {
  // The last rows have the most keys: they come first, so that the device ends in small tiles.
  let tile_row = (groups.x - 1u - group_id.x) * threads * ROWS4;
  if (tile_row >= run.rows) { return; }
  let last_row = min(tile_row + threads * ROWS4, run.rows) - 1u;
  let head = first_head() + group_id.y;

  let lane = thread % 4u;
  let quad_row = tile_row + thread / 4u * (4u * ROWS4);
  let stride = heads / group * head_dim4;
  let column = head / group * head_dim4;
#for a in ROWS4
  // Rows past the end repeat the last and are not stored.
  let row$a = min(quad_row + 4u * $au + (vec4u(lane) ^ STEPS), vec4u(last_row));
  let first$a = vec4f(vec4u(first_key(row$a.x), first_key(row$a.y), first_key(row$a.z), first_key(row$a.w)));
  let head_row$a = row$a * heads + head;
  let of_rows$a = transpose(mat4x2f(stats[head_row$a.x], stats[head_row$a.y], stats[head_row$a.z], stats[head_row$a.w]));
  let own$a = head_row$a.x * head_dim4;
  let log2_sum$a = of_rows$a[0] * LOG2_E;
  let delta$a = of_rows$a[1];
#for c in COLUMNS
  var sum$a_$c = mat4x4f();
#end
#end

  for (var tile = first_key(tile_row); tile <= last_row; tile += 16u) {
    let key = tile + 4u * lane + STEPS;
    let k4 = min(key, vec4u(last_row)) * stride + column;
#for a in ROWS4
    var s$a = mat4x4f();
    var dp$a = mat4x4f();
#end
    for (var d = 0u; d < head_dim4; d++) {
      let keys = transpose(mat4x4f(k[k4.x + d], k[k4.y + d], k[k4.z + d], k[k4.w + d]));
#for a in ROWS4
      s$a += keys * quad_all(q[own$a + d]);
#end
    }
    for (var d = 0u; d < head_dim4; d++) {
      let values = transpose(mat4x4f(v[k4.x + d], v[k4.y + d], v[k4.z + d], v[k4.w + d]));
#for a in ROWS4
      dp$a += values * quad_all(d_o[own$a + d]);
#end
    }
#for a in ROWS4
    let t$a = quad_seen(s$a * (scale * LOG2_E), vec4f(key), first$a, vec4f(row$a));
    var ds$a = mat4x4f(
      exp2(t$a[0] - log2_sum$a.x) * (dp$a[0] - delta$a.x), exp2(t$a[1] - log2_sum$a.y) * (dp$a[1] - delta$a.y),
      exp2(t$a[2] - log2_sum$a.z) * (dp$a[2] - delta$a.z), exp2(t$a[3] - log2_sum$a.w) * (dp$a[3] - delta$a.w));
#end
#if TWICE
    for (var turn = 0u; turn < 4u; turn += TURNS) {
#else
    {
      let turn = 0u;
#endif
#for t in TURNS
      let turned$t = min(tile + 4u * (lane ^ (turn + $tu)) + STEPS, vec4u(last_row)) * stride + column + COLUMNS * lane;
#for a in ROWS4
      let ds$a_$t = quad_turn_$t(ds$a);
#end
#end
#for c in COLUMNS
#for t in TURNS
      let keys$c_$t = mat4x4f(k[turned$t.x + $cu], k[turned$t.y + $cu], k[turned$t.z + $cu], k[turned$t.w + $cu]);
#end
#for a in ROWS4
      sum$a_$c = sum$a_$c
#for t in TURNS
        + keys$c_$t * ds$a_$t
#end
        ;
#end
#end
#if TWICE
#for a in ROWS4
      ds$a = quad_turn_2(ds$a);
#end
#endif
    }
  }

#for a in ROWS4
#for i in 4
  if (quad_row + 4u * $au + (lane ^ $iu) <= last_row) {
    let place = head_row$a[$i] * head_dim4 + COLUMNS * lane;
#for c in COLUMNS
    dq[place + $cu] = scale * sum$a_$c[$i];
#end
  }
#end
#end
}
