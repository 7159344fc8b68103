// y[i] = code[i] * scale[i / block]                  i over the elements from first8 * 8 on
//
// codes, scales  an NF4 weight, laid out as src/ops/packings/nf4.ts says
// y        f32 [rows, in]     the rows from first8 * 8 / in on
// dispatch one thread per word of codes (8 elements), 256 a workgroup, workgroups spread over x and y
//
// It writes eight times what it reads, so writing is its limit; a thread's 32 bytes lie beside its neighbours'. Threads with
// more than a word and less look-up of scales were slower on a software adapter.

#include lib/nf4_weight

override first8: u32 = 0;

@group(0) @binding(2) var<storage, read_write> y: array<vec4f, 2u * Y_WORDS>;

@compute @workgroup_size(256)
fn unpack_nf4(@builtin(workgroup_id) group: vec3u,
              @builtin(num_workgroups) groups: vec3u,
              @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= Y_WORDS) { return; }
  let word = nf4_word(first8 + i);
  let scale = nf4_scale(first8 + i);
  y[2u * i] = nf4_first4(word) * scale;
  y[2u * i + 1u] = nf4_last4(word) * scale;
}
