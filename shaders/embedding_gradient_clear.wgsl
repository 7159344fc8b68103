// gradient[i] = 0, unless the run adds to it
//
// gradient  f32 [n]      n is a multiple of 4
// dispatch  one thread per vector of four, 64 a workgroup, workgroups spread over x and y

#include lib/run

@group(0) @binding(1) var<storage, read_write> gradient: array<vec4f>;

@compute @workgroup_size(64)
fn embedding_gradient_clear(@builtin(workgroup_id) group: vec3u,
                            @builtin(num_workgroups) groups: vec3u,
                            @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= arrayLength(&gradient) || run.accumulate == 1u) { return; }
  gradient[i] = vec4f();
}
