// o[h] = sum over c of exp2(m[h, c] - max over c of m[h, c]) * partial_o[h, c]   divided by the same sum of the weights' sums
//
// partial_o  f32 [heads, chunks, head_dim]     of attention_decode.wgsl
// partial    f32 [heads, chunks, 2]            m and the sum of the weights
// o          f32 [1, heads, head_dim]
// dispatch   one thread per vector of four columns, 64 a workgroup

#include lib/run
#include lib/attention

override chunk: u32;
override chunks: u32;

@group(0) @binding(1) var<storage, read> partial_o: array<vec4f>;
@group(0) @binding(2) var<storage, read> partial: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> o: array<vec4f>;

@compute @workgroup_size(64)
fn attention_combine(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= heads * head_dim4) { return; }
  let head = id.x / head_dim4;
  let first = (run.past + 1u - min(run.past + 1u, window)) / chunk;   // chunks outside of these were left alone
  let last = min(run.past / chunk, chunks - 1u);
  var highest = LOWEST;
  for (var c = first; c <= last; c++) { highest = max(highest, partial[head * chunks + c].x); }
  var sum = 0.0;
  var value = vec4f();
  for (var c = first; c <= last; c++) {
    let place = head * chunks + c;
    let factor = exp2(partial[place].x - highest);
    sum += factor * partial[place].y;
    value += factor * partial_o[place * head_dim4 + id.x % head_dim4];
  }
  o[id.x] = value / sum;
}
