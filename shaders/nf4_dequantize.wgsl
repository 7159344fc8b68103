// y[i] = code[i] * scale[i / 64]                     i over the elements from first_word * 8 on
//
// codes, scales  an NF4 weight, laid out as src/ops/weight.ts says
// y        f32 [rows, in]     the rows from first_word * 8 / in on
// dispatch one thread per word of codes (8 elements), 64 a workgroup, workgroups spread over x and y

#include lib/nf4_weight

override first_word: u32 = 0;

@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn nf4_dequantize(@builtin(workgroup_id) group: vec3u,
                  @builtin(num_workgroups) groups: vec3u,
                  @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (2u * i >= arrayLength(&y)) { return; }
  let word = nf4_word(first_word + i);
  let scale = nf4_scale((first_word + i) / 8u);
  y[2u * i] = nf4_first4(word) * scale;
  y[2u * i + 1u] = nf4_last4(word) * scale;
}
