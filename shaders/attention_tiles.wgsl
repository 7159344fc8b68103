// The attention of attention.wgsl, whose formulas, tensors and constant CACHED it has, for GPUs: in tiles of queries, keys and
// values in workgroup memory (lib/attention_tiles), which are read from far memory in whole cache lines, not thread by thread.
//
// A workgroup has OWN query rows of a head and goes over their keys, OTHERS at a time: the scores, their maxima across the
// threads of a row, the weights, which threads hand on through workgroup memory, and the weighted sums of the values. Only
// tiles on the diagonal or at the edge of an example or of the window take masks; those outside are never touched.
// dispatch  (ceil(rows / OWN), heads)

#include lib/attention_forward
#include lib/attention_tiles

const KEYS = 0u;
const VALUES = 1u;

fn own4(factor: u32, i: u32) -> vec4f { return q[i]; }

fn other4(factor: u32, i: u32) -> vec4f {
  if (factor == KEYS) { return k[i]; }
  return v[i];
}

var<workgroup> partial: array<vec4f, THREADS>;   // each thread's result for its 4 rows

@compute @workgroup_size(THREADS)
fn attention_tiles(@builtin(workgroup_id) group_id: vec3u,
                   @builtin(num_workgroups) groups: vec3u,
                   @builtin(local_invocation_index) thread: u32) {
  // The last rows have the most keys: they come first, so that the device ends in small tiles.
  let tile_row = (groups.x - 1u - group_id.x) * OWN;
  if (tile_row >= run.rows) { return; }
  let last_row = min(tile_row + OWN, run.rows) - 1u;
  let head = first_head() + group_id.y;
#if CACHED
  let past = run.past;
#else
  let past = 0u;
#endif
  let end = past + last_row + 1u;
  let queries = Rows(tile_row, last_row, heads, head);

  let at = place_of(thread);
  let mates = at.y * THREADS_X;           // the threads of the same rows
  let row = min(tile_row + 4u * at.y + STEPS, vec4u(last_row));   // rows past the end repeat the last and are not stored
  let first = vec4u(first_key(row.x), first_key(row.y), first_key(row.z), first_key(row.w));

  var highest = vec4f(LOWEST);
  var sum = vec4f();
  var sums: Sums;
  for (var key = first_key(tile_row); key < end; key += OTHERS) {
    let keys = Rows(key, end - 1u, heads / group, head / group);
    var s = dot_products(KEYS, queries, keys, thread) * (scale * LOG2_E);
    if (key < first_key(last_row) || key + OTHERS > past + tile_row + 1u) {
      s = seen(s, key + others_of(thread), first, past + row);
    }
    partial[mates + at.x] = vec4f(largest(s[0]), largest(s[1]), largest(s[2]), largest(s[3]));
    workgroupBarrier();
    let before = highest;
    for (var x = 0u; x < THREADS_X; x++) { highest = max(highest, partial[mates + x]); }
    // A row that has seen no key of its own yet adds up weights of 1 here; its first key then scales them by 0.
    let kept = exp2(before - highest);
    let p = mat4x4f(exp2(s[0] - highest.x), exp2(s[1] - highest.y), exp2(s[2] - highest.z), exp2(s[3] - highest.w));
    sum = sum * kept + vec4f(total(p[0]), total(p[1]), total(p[2]), total(p[3]));
#for c in COLUMNS
    sums[$c] = mat4x4f(sums[$c][0] * kept.x, sums[$c][1] * kept.y, sums[$c][2] * kept.z, sums[$c][3] * kept.w);
#end
    add_weighted(&sums, p, VALUES, keys, thread);
  }

  partial[mates + at.x] = sum;
  workgroupBarrier();
  sum = vec4f();
  for (var x = 0u; x < THREADS_X; x++) { sum += partial[mates + x]; }
#for i in 4
  if (tile_row + 4u * at.y + $iu <= last_row) {
    let place = (tile_row + 4u * at.y + $iu) * heads + head;
#for c in COLUMNS
    if (column_of(thread, $cu) < head_dim4) {
      o[place * head_dim4 + column_of(thread, $cu)] = sums[$c][$i] / sum[$i];
    }
#end
#if !CACHED
    if (at.x == 0u) { log_sum_exp[place] = (highest[$i] + log2(sum[$i])) / LOG2_E; }
#endif
  }
#end
}
