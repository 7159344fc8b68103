// One query row against the rows of a cache: o[h] = sum over j of p[h, j] * v[j, h / group], as attention.wgsl has it, for
// j from the first key in the window to run.past.
//
// q, o         f32 [1, heads, head_dim]
// k, v         f32 [cache rows, heads / group, head_dim]
//
// With SPLIT, a workgroup has only the keys of its chunk, and attention_combine.wgsl adds up what they leave:
// partial_o    f32 [heads, chunks, head_dim]   not yet divided by the sum of the weights
// partial      f32 [heads, chunks, 2]          the maximum of the scores (times log2 e) and the sum of the weights
//
// First a thread has four keys at a time, of whose dimensions it takes every `lanes`-th vector: neighbours read side by side
// and add up what they have through workgroup memory. Then it has one vector of columns and every so many keys.
// dispatch  (heads, chunks); at least head_dim / 4 threads

#include lib/run
#include lib/attention

override threads: u32;
override chunk: u32;                      // keys, a multiple of 4
override lanes: u32 = 1;                  // a divisor of threads

@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(2) var<storage, read> k: array<vec4f>;
@group(0) @binding(3) var<storage, read> v: array<vec4f>;
#if SPLIT
@group(0) @binding(4) var<storage, read_write> partial_o: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> partial: array<vec2f>;
#else
@group(0) @binding(4) var<storage, read_write> o: array<vec4f>;
#endif

var<workgroup> weights: array<vec4f, lanes * (chunk / 4u)>;   // first each lane's part of the scores
var<workgroup> maxima: array<f32, threads>;
var<workgroup> sums: array<f32, threads>;
var<workgroup> columns: array<vec4f, threads>;

@compute @workgroup_size(threads)
fn attention_decode(@builtin(workgroup_id) group_id: vec3u,
                    @builtin(num_workgroups) groups: vec3u,
                    @builtin(local_invocation_index) thread: u32) {
  let head = group_id.x;
  let chunk_key = group_id.y * chunk;
  let first = max(chunk_key, run.past + 1u - min(run.past + 1u, window));
  let end = min(chunk_key + chunk, run.past + 1u);
  if (first >= end) { return; }
  let vectors = (end - chunk_key + 3u) / 4u;
  let skipped = (first - chunk_key) / 4u;
  let stride = heads / group * head_dim4;
  let column = head / group * head_dim4;

  let lane = thread % lanes;
  for (var x = skipped + thread / lanes; x < vectors; x += threads / lanes) {
    let k4 = clamp(chunk_key + 4u * x + STEPS, vec4u(first), vec4u(end - 1u)) * stride + column;
    var s = vec4f();
    for (var d = lane; d < head_dim4; d += lanes) {
      s += q[head * head_dim4 + d] * mat4x4f(k[k4.x + d], k[k4.y + d], k[k4.z + d], k[k4.w + d]);
    }
    weights[lane * (chunk / 4u) + x] = s;
  }
  if (lanes > 1u) { workgroupBarrier(); }
  var highest = LOWEST;
  for (var x = skipped + thread; x < vectors; x += threads) {
    var s = weights[x];
    for (var i = 1u; i < lanes; i++) { s += weights[i * (chunk / 4u) + x]; }
    s = seen4(s * (scale * LOG2_E), chunk_key + 4u * x + STEPS, first, end - 1u);
    weights[x] = s;
    highest = max(highest, largest(s));
  }
  maxima[thread] = highest;
  workgroupBarrier();
  for (var i = 0u; i < threads; i++) { highest = max(highest, maxima[i]); }
  var sum = 0.0;
  for (var x = skipped + thread; x < vectors; x += threads) {
    let weight = exp2(weights[x] - highest);
    weights[x] = weight;
    sum += total(weight);
  }
  sums[thread] = sum;
  workgroupBarrier();

  let sharers = threads / head_dim4;      // threads that share a column
  let c = thread % head_dim4;
  if (thread < sharers * head_dim4) {
    var part = vec4f();
    for (var x = skipped + thread / head_dim4; x < vectors; x += sharers) {
      let key = chunk_key + 4u * x + STEPS;
      let v4 = clamp(key, vec4u(first), vec4u(end - 1u)) * stride + column + c;
      part += mat4x4f(v[v4.x], v[v4.y], v[v4.z], v[v4.w]) * weights[x];
    }
    columns[thread] = part;
  }
  workgroupBarrier();
  if (thread >= head_dim4) { return; }
  var value = columns[thread];
  for (var i = 1u; i < sharers; i++) { value += columns[i * head_dim4 + thread]; }
  sum = 0.0;
  for (var i = 0u; i < threads; i++) { sum += sums[i]; }
#if SPLIT
  let place = head * groups.y + group_id.y;
  partial_o[place * head_dim4 + thread] = value;
  if (thread == 0u) { partial[place] = vec2f(highest, sum); }
#else
  o[head * head_dim4 + thread] = value / sum;
#endif
}
