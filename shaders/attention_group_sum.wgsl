// dk[j, g] = sum over the heads h of group g of head_dk[j, h], in their order; dv likewise
//
// head_dk, head_dv   f32 [rows, heads, head_dim]          of attention_key_value_gradient_tiles.wgsl
// dk, dv             f32 [rows, heads / group, head_dim]
// dispatch           one thread per vector of four of dk, 64 a workgroup, workgroups spread over x and y

#include lib/run
#include lib/attention

@group(0) @binding(1) var<storage, read> head_dk: array<vec4f>;
@group(0) @binding(2) var<storage, read> head_dv: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dk: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dv: array<vec4f>;

@compute @workgroup_size(64)
fn attention_group_sum(@builtin(workgroup_id) group_id: vec3u,
                       @builtin(num_workgroups) groups: vec3u,
                       @builtin(local_invocation_index) thread: u32) {
  let i = (group_id.x + group_id.y * groups.x) * 64u + thread;
  if (i >= run.rows * (heads / group) * head_dim4) { return; }
  let first = i / head_dim4 * group * head_dim4 + i % head_dim4;
  var dk_sum = vec4f();
  var dv_sum = vec4f();
  for (var h = 0u; h < group; h++) {
    dk_sum += head_dk[first + h * head_dim4];
    dv_sum += head_dv[first + h * head_dim4];
  }
  dk[i] = dk_sum;
  dv[i] = dv_sum;
}
