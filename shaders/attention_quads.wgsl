// The attention of attention.wgsl, whose formulas, tensors and constant CACHED it has, by quads of threads.
//
// A quad has 4 * ROWS4 query rows of a head. Each of its threads reads four keys at a time and a quarter of the
// queries, which the four share: each vector serves 4 * ROWS4 products or 16, and every score stays in the registers of its
// thread. For the output a thread has a quarter of the columns (4 * COLUMNS), and the weights go round the quad in four
// turns. It needs no workgroup memory and no barrier.
//
// It is made for software adapters, which compile a read to some three hundred instructions, an addition to a variable to
// ten, and run both sides of an `if`. So one expression adds the turns' products (TURNS: 4; or two, TWICE, if four take too
// long to compile), cheap comparisons mask every tile, and the loop over the scores is short enough for a CPU's instruction
// cache.
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
  // Rows past the end repeat the last and are not stored.
  let row$a = min(quad_row + 4u * $au + (vec4u(lane) ^ STEPS), vec4u(last_row));
  let first$a = vec4f(vec4u(first_key(row$a.x), first_key(row$a.y), first_key(row$a.z), first_key(row$a.w)));
  let last$a = vec4f(past + row$a);
  let own$a = (row$a.x * heads + head) * head_dim4;
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
    let t$a = quad_seen(s$a * (scale * LOG2_E), vec4f(key), first$a, last$a);
    // A row that has not reached its own keys adds up weights of 1 here; its first own key then scales them by 0.
    let now$a = higher(highest$a, quad_max(highest_of(t$a)));
    var kept$a = exp2(highest$a - now$a);
    highest$a = now$a;
    var p$a = mat4x4f(exp2(t$a[0] - now$a.x), exp2(t$a[1] - now$a.y), exp2(t$a[2] - now$a.z), exp2(t$a[3] - now$a.w));
    sum$a = sum$a * kept$a + total_of(p$a);
#end
#if TWICE
    for (var turn = 0u; turn < 4u; turn += TURNS) {
#else
    {
      let turn = 0u;
#endif
#for t in TURNS
      let turned$t = min(tile + 4u * (lane ^ (turn + $tu)) + STEPS, vec4u(end - 1u)) * stride + column + COLUMNS * lane;
#for a in ROWS4
      let p$a_$t = quad_turn_$t(p$a);
#end
#end
#for c in COLUMNS
#for t in TURNS
      let values$c_$t = mat4x4f(v[turned$t.x + $cu], v[turned$t.y + $cu], v[turned$t.z + $cu], v[turned$t.w + $cu]);
#end
#for a in ROWS4
      o$a_$c = mat4x4f(o$a_$c[0] * kept$a.x, o$a_$c[1] * kept$a.y, o$a_$c[2] * kept$a.z, o$a_$c[3] * kept$a.w)
#for t in TURNS
        + values$c_$t * p$a_$t
#end
        ;
#end
#end
#if TWICE
#for a in ROWS4
      p$a = quad_turn_2(p$a);
      kept$a = vec4f(1);
#end
#endif
    }
  }

#for a in ROWS4
  let whole$a = quad_sum(sum$a);
#for i in 4
  if (quad_row + 4u * $au + (lane ^ $iu) <= last_row) {
    let place = row$a[$i] * heads + head;
#for c in COLUMNS
    o[place * head_dim4 + COLUMNS * lane + $cu] = o$a_$c[$i] / whole$a[$i];
#end
#if !CACHED
    if (lane == 0u) { log_sum_exp[place] = (highest$a[$i] + log2(whole$a[$i])) / LOG2_E; }
#endif
  }
#end
#end
}
