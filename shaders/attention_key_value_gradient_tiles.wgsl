// The gradients of keys and values as attention_key_value_gradient.wgsl has them, in tiles as in attention_tiles.wgsl: a
// workgroup has OWN keys and goes over the query rows of one head that see them. If heads share their keys, each writes
// its own gradients, and attention_group_sum.wgsl adds them up: models have few key heads, and one workgroup for each of
// those would leave a large device idle.
//
// dk, dv    f32 [rows, heads, head_dim]
// dispatch  (ceil(rows / OWN), heads)

#include lib/attention_gradient
#include lib/attention_tiles

const QUERIES = 0u;
const GRADIENTS = 1u;

@group(0) @binding(7) var<storage, read_write> dk: array<vec4f>;
@group(0) @binding(8) var<storage, read_write> dv: array<vec4f>;

fn own4(factor: u32, i: u32) -> vec4f {
  if (factor == QUERIES) { return k[i]; }
  return v[i];
}

fn other4(factor: u32, i: u32) -> vec4f {
  if (factor == QUERIES) { return q[i]; }
  return d_o[i];
}

@compute @workgroup_size(THREADS)
fn attention_key_value_gradient_tiles(@builtin(workgroup_id) group_id: vec3u,
                                      @builtin(local_invocation_index) thread: u32) {
  let tile_key = group_id.x * OWN;
  if (tile_key >= run.rows) { return; }
  let last_key = min(tile_key + OWN, run.rows) - 1u;
  let end = last_row(last_key) + 1u;
  let head = first_head() + group_id.y;
  let keys = Rows(tile_key, last_key, heads / group, head / group);

  let at = place_of(thread);
  let key = min(tile_key + 4u * at.y + STEPS, vec4u(last_key));   // keys past the end repeat the last and are not stored
  let last = vec4u(last_row(key.x), last_row(key.y), last_row(key.z), last_row(key.w));

  var dk_sums: Sums;
  var dv_sums: Sums;
  for (var row = tile_key; row < end; row += OTHERS) {
    let queries = Rows(row, end - 1u, heads, head);
    var s = dot_products(QUERIES, keys, queries, thread) * (scale * LOG2_E);
    if (row < last_key || row + OTHERS > last_row(tile_key) + 1u) {
      s = seen(s, row + others_of(thread), key, last);
    }
    let head_row = min(row + others_of(thread), vec4u(end - 1u)) * heads + head;
    let of_rows = transpose(mat4x2f(stats[head_row.x], stats[head_row.y], stats[head_row.z], stats[head_row.w]));
    let log2_sum = of_rows[0] * LOG2_E;
    let delta = of_rows[1];
    let p = mat4x4f(exp2(s[0] - log2_sum), exp2(s[1] - log2_sum), exp2(s[2] - log2_sum), exp2(s[3] - log2_sum));
    let dp = dot_products(GRADIENTS, keys, queries, thread);
    workgroupBarrier();
    add_weighted(&dv_sums, p, GRADIENTS, queries, thread);
    workgroupBarrier();
    add_weighted(&dk_sums, mat4x4f(p[0] * (dp[0] - delta), p[1] * (dp[1] - delta),
                                   p[2] * (dp[2] - delta), p[3] * (dp[3] - delta)), QUERIES, queries, thread);
  }

#for i in 4
  if (tile_key + 4u * at.y + $iu <= last_key) {
    let place = ((tile_key + 4u * at.y + $iu) * heads + head) * head_dim4;
#for c in COLUMNS
    if (column_of(thread, $cu) < head_dim4) {
      dk[place + column_of(thread, $cu)] = scale * dk_sums[$c][$i];
      dv[place + column_of(thread, $cu)] = dv_sums[$c][$i];
    }
#end
  }
#end
}
