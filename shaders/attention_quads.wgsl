// The attention of attention.wgsl, whose formulas, tensors and constant CACHED it has, by quads of threads.
//
// A quad has 4 * ROWS4 query rows of a head. Each of its threads reads four keys at a time, and of the queries a quarter,
// which the four hand one another: a vector that is read serves 4 * ROWS4 products or 16, and every score stays in the
// registers of the thread that made it. For the output a thread has a quarter of the columns (4 * COLUMNS) and the weights
// go round the quad. So there is neither workgroup memory nor a barrier, and nothing is read twice by a quad.
//
// dispatch  (ceil(rows / (threads * ROWS4)), heads); threads / 4 quads

enable subgroups;

#include lib/attention_forward
#include lib/quad

override threads: u32 = 4;

@compute @workgroup_size(threads)
fn attention_quads(@builtin(workgroup_id) group_id: vec3u,
                   @builtin(num_workgroups) groups: vec3u,
                   @builtin(local_invocation_index) thread: u32) {
  // The last rows have the most keys: they come first, so that the device ends in small tiles.
  let tile_row = (groups.x - 1u - group_id.x) * threads * ROWS4;
  if (tile_row >= run.rows) { return; }
  let last_row = min(tile_row + threads * ROWS4, run.rows) - 1u;
  let head = first_head() + group_id.y;
#if CACHED
  let past = run.past;
#else
  let past = 0u;
#endif
  let end = past + last_row + 1u;

  let lane = thread % 4u;
  let quad_row = tile_row + thread / 4u * (4u * ROWS4);
  let stride = heads / group * head_dim4;
  let column = head / group * head_dim4;
#for a in ROWS4
  let row$a = min(quad_row + 4u * $au + STEPS, vec4u(last_row));   // rows past the end repeat the last and are not stored
  let first$a = vec4u(first_key(row$a.x), first_key(row$a.y), first_key(row$a.z), first_key(row$a.w));
  let last$a = past + row$a;
  let own$a = (row$a[lane] * heads + head) * head_dim4;
  var highest$a = vec4f(LOWEST);
  var sum$a = vec4f();
#for c in COLUMNS
  var o$a_$c = mat4x4f();
#end
#end

  for (var tile = first_key(tile_row); tile < end; tile += 16u) {
    let key = tile + 4u * lane + STEPS;
    let k4 = min(key, vec4u(end - 1u)) * stride + column;
#for a in ROWS4
    var s$a = mat4x4f();
#end
    for (var d = 0u; d < head_dim4; d++) {
      let keys = transpose(mat4x4f(k[k4.x + d], k[k4.y + d], k[k4.z + d], k[k4.w + d]));
#for a in ROWS4
      s$a += keys * quad_all(q[own$a + d]);
#end
    }
#for a in ROWS4
    s$a = seen(s$a * (scale * LOG2_E), key, first$a, last$a);
    // A row that has seen no key of its own yet adds up weights of 1 here; its first key then scales them by 0.
    let before$a = highest$a;
    highest$a = max(before$a, quad_max(vec4f(largest(s$a[0]), largest(s$a[1]), largest(s$a[2]), largest(s$a[3]))));
    let kept$a = exp2(before$a - highest$a);
    s$a = mat4x4f(exp2(s$a[0] - highest$a.x), exp2(s$a[1] - highest$a.y), exp2(s$a[2] - highest$a.z), exp2(s$a[3] - highest$a.w));
    sum$a = sum$a * kept$a + vec4f(total(s$a[0]), total(s$a[1]), total(s$a[2]), total(s$a[3]));
#for c in COLUMNS
    o$a_$c = mat4x4f(o$a_$c[0] * kept$a.x, o$a_$c[1] * kept$a.y, o$a_$c[2] * kept$a.z, o$a_$c[3] * kept$a.w);
#end
#end
    for (var turn = 0u; turn < 4u; turn++) {
      let v4 = min(tile + 4u * (lane ^ turn) + STEPS, vec4u(end - 1u)) * stride + column + COLUMNS * lane;
#for c in COLUMNS
      let values$c = mat4x4f(v[v4.x + $cu], v[v4.y + $cu], v[v4.z + $cu], v[v4.w + $cu]);
#for a in ROWS4
      o$a_$c += values$c * s$a;
#end
#end
#for a in ROWS4
      s$a = quad_turn(s$a, turn);
#end
    }
  }

#for a in ROWS4
  sum$a = quad_sum(sum$a);
#for i in 4
  if (quad_row + 4u * $au + $iu <= last_row) {
    let place = (quad_row + 4u * $au + $iu) * heads + head;
#for c in COLUMNS
    o[place * head_dim4 + COLUMNS * lane + $cu] = o$a_$c[$i] / sum$a[$i];
#end
#if !CACHED
    if (lane == 0u) { log_sum_exp[place] = (highest$a[$i] + log2(sum$a[$i])) / LOG2_E; }
#endif
  }
#end
#end
}
