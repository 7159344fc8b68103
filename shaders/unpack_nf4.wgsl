// y[i] = code[i] * scale[i / block]                  i over the elements from first8 * 8 on
//
// codes, scales  an NF4 weight, laid out as src/ops/packings/nf4.ts says
// y        f32 [rows, in]     the rows from first8 * 8 / in on
// dispatch one thread per word of codes (8 elements), 64 a workgroup, workgroups spread over x and y

#include lib/nf4_weight

override first8: u32 = 0;

@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn unpack_nf4(@builtin(workgroup_id) group: vec3u,
              @builtin(num_workgroups) groups: vec3u,
              @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (2u * i >= arrayLength(&y)) { return; }
  let word = nf4_word(first8 + i);
  let scale = nf4_scale(first8 + i);
  y[2u * i] = nf4_first4(word) * scale;
  y[2u * i + 1u] = nf4_last4(word) * scale;
}
