// total[i] (+)= sum over the chunks in use of partials[chunk, i], in their order
//
// partials  f32 [chunks, size]
// total     f32 [size]         added to where run.accumulate or ALWAYS_ADD says so
// dispatch  one thread per vector of four, 64 a workgroup, workgroups spread over x and y

#include lib/run

override size4: u32;
override chunk_rows: u32;

@group(0) @binding(1) var<storage, read> partials: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> total: array<vec4f>;

@compute @workgroup_size(64)
fn sum_partials(@builtin(workgroup_id) group: vec3u,
                @builtin(num_workgroups) groups: vec3u,
                @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= size4) { return; }
  var sum = vec4f();
  for (var chunk = 0u; chunk * chunk_rows < run.rows; chunk++) { sum += partials[chunk * size4 + i]; }
#if ALWAYS_ADD
  total[i] += sum;
#else
  total[i] = select(vec4f(), total[i], run.accumulate != 0u) + sum;
#endif
}
