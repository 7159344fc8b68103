// key_cache[past + i] = k[i]      value_cache[past + i] = v[i]
//
// k, v                    f32 [rows, columns]
// key_cache, value_cache  f32 [cache rows, columns]
// dispatch  one thread per vector of four elements, 64 a workgroup, workgroups spread over x and y

#include lib/run

override columns4: u32;

@group(0) @binding(1) var<storage, read> k: array<vec4f>;
@group(0) @binding(2) var<storage, read> v: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> key_cache: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> value_cache: array<vec4f>;

@compute @workgroup_size(64)
fn cache_write(@builtin(workgroup_id) group: vec3u,
               @builtin(num_workgroups) groups: vec3u,
               @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  let target_index = run.past * columns4 + i;
  if (i >= run.rows * columns4 || target_index >= arrayLength(&key_cache)) { return; }
  key_cache[target_index] = k[i];
  value_cache[target_index] = v[i];
}
