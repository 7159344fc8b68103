// y[i] = W[i]     i over the elements of the row-major matrix, from first8 * 8 on, in float32
//
// W        [out, in]          a packed weight, see lib/packed_weight
// y        f32 [rows, in]     the rows from first8 * 8 / in on
// dispatch one thread per 8 elements, 64 a workgroup, workgroups spread over x and y

#include lib/packed_weight

override first8: u32 = 0;

@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn unpack(@builtin(workgroup_id) group: vec3u,
          @builtin(num_workgroups) groups: vec3u,
          @builtin(local_invocation_index) thread: u32) {
  let i = 2u * ((group.x + group.y * groups.x) * 64u + thread);
  if (i >= arrayLength(&y)) { return; }
  y[i] = weight4(2u * first8 + i);
  if (i + 1u < arrayLength(&y)) { y[i + 1u] = weight4(2u * first8 + i + 1u); }
}
