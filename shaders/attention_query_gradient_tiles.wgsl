// The gradient of the queries as attention_query_gradient.wgsl has it, in tiles as in attention_tiles.wgsl: of queries and
// keys, then of the output's gradients and values, and finally of keys, weighted by the scores' gradients.
// dispatch  (ceil(rows / OWN), heads)

#include lib/attention_gradient
#include lib/attention_tiles

const KEYS = 0u;
const VALUES = 1u;

@group(0) @binding(7) var<storage, read_write> dq: array<vec4f>;

fn own4(factor: u32, i: u32) -> vec4f {
  if (factor == KEYS) { return q[i]; }
  return d_o[i];
}

fn other4(factor: u32, i: u32) -> vec4f {
  if (factor == KEYS) { return k[i]; }
  return v[i];
}

@compute @workgroup_size(THREADS)
fn attention_query_gradient_tiles(@builtin(workgroup_id) group_id: vec3u,
                                  @builtin(num_workgroups) groups: vec3u,
                                  @builtin(local_invocation_index) thread: u32) {
  // The last rows have the most keys: they come first, so that the device ends in small tiles.
  let tile_row = (groups.x - 1u - group_id.x) * OWN;
  if (tile_row >= run.rows) { return; }
  let last_row = min(tile_row + OWN, run.rows) - 1u;
  let head = first_head() + group_id.y;
  let queries = Rows(tile_row, last_row, heads, head);

  let at = place_of(thread);
  let row = min(tile_row + 4u * at.y + STEPS, vec4u(last_row));   // rows past the end repeat the last and are not stored
  let first = vec4u(first_key(row.x), first_key(row.y), first_key(row.z), first_key(row.w));
  let head_row = row * heads + head;
  let of_rows = transpose(mat4x2f(stats[head_row.x], stats[head_row.y], stats[head_row.z], stats[head_row.w]));
  let log2_sum = of_rows[0] * LOG2_E;
  let delta = of_rows[1];

  var sums: Sums;
  for (var key = first_key(tile_row); key <= last_row; key += OTHERS) {
    let keys = Rows(key, last_row, heads / group, head / group);
    var s = dot_products(KEYS, queries, keys, thread) * (scale * LOG2_E);
    if (key < first_key(last_row) || key + OTHERS > tile_row + 1u) {
      s = seen(s, key + others_of(thread), first, row);
    }
    let dp = dot_products(VALUES, queries, keys, thread);
    let ds = mat4x4f(
      exp2(s[0] - log2_sum.x) * (dp[0] - delta.x), exp2(s[1] - log2_sum.y) * (dp[1] - delta.y),
      exp2(s[2] - log2_sum.z) * (dp[2] - delta.z), exp2(s[3] - log2_sum.w) * (dp[3] - delta.w));
    workgroupBarrier();
    add_weighted(&sums, ds, KEYS, keys, thread);
  }

#for i in 4
  if (tile_row + 4u * at.y + $iu <= last_row) {
    let place = ((tile_row + 4u * at.y + $iu) * heads + head) * head_dim4;
#for c in COLUMNS
    if (column_of(thread, $cu) < head_dim4) { dq[place + column_of(thread, $cu)] = scale * sums[$c][$i]; }
#end
  }
#end
}
