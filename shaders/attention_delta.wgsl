// stats[i, h] = (log_sum_exp[i, h], delta[i, h])       delta[i, h] = dot(do[i, h], o[i, h])
//
// Since the weights p of a row add up to 1, the gradient of its score s[j] is p[j] * (dot(do, v[j]) - delta).
//
// o, d_o       f32 [rows, heads, head_dim]
// log_sum_exp  f32 [rows, heads]
// stats        f32 [rows, heads, 2]
// dispatch     one thread per row and head, 64 a workgroup, workgroups spread over x and y

#include lib/run
#include lib/attention

@group(0) @binding(1) var<storage, read> o: array<vec4f>;
@group(0) @binding(2) var<storage, read> d_o: array<vec4f>;
@group(0) @binding(3) var<storage, read> log_sum_exp: array<f32>;
@group(0) @binding(4) var<storage, read_write> stats: array<vec2f>;

@compute @workgroup_size(64)
fn attention_delta(@builtin(workgroup_id) group_id: vec3u,
                   @builtin(num_workgroups) groups: vec3u,
                   @builtin(local_invocation_index) thread: u32) {
  let i = (group_id.x + group_id.y * groups.x) * 64u + thread;
  if (i >= run.rows * heads) { return; }
  var delta = vec4f();
  for (var d = 0u; d < head_dim4; d++) { delta += o[i * head_dim4 + d] * d_o[i * head_dim4 + d]; }
  stats[i] = vec2f(log_sum_exp[i], total(delta));
}
