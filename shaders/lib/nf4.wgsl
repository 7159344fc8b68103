// The sixteen values of NF4 (Dettmers et al. 2023, QLoRA, appendix E) and their unpacking. src/formats/nf4.ts has the
// rules. Indexing a constant array was the fastest of the look-ups tried on a software adapter (workgroup memory, a tree
// of selects, pairs by byte). On a GPU, threads that index it differently wait for one another, so kernels for GPUs have
// it in workgroup memory, with NF4_SHARED: its sixteen words lie in as many banks.
const NF4_CODE = array<f32, 16>(
  -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453,
  -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0,
  0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
  0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0);

#if NF4_SHARED
var<workgroup> nf4_shared_code: array<f32, 16>;

// To be called by all threads of a workgroup, sixteen at least, before anything is unpacked.
fn share_nf4_code(thread: u32) {
  if (thread < 16u) { nf4_shared_code[thread] = NF4_CODE[thread]; }
  workgroupBarrier();
}

fn nf4_value(code: u32) -> f32 { return nf4_shared_code[code]; }
#else
fn nf4_value(code: u32) -> f32 { return NF4_CODE[code]; }
#endif

// Elements 0 to 3 of the eight in a word of packed codes, unscaled. The earlier of two elements is in the high nibble.
fn nf4_first4(word: u32) -> vec4f {
  return vec4f(nf4_value((word >> 4u) & 15u), nf4_value(word & 15u),
               nf4_value((word >> 12u) & 15u), nf4_value((word >> 8u) & 15u));
}

// Elements 4 to 7.
fn nf4_last4(word: u32) -> vec4f {
  return vec4f(nf4_value((word >> 20u) & 15u), nf4_value((word >> 16u) & 15u),
               nf4_value(word >> 28u), nf4_value((word >> 24u) & 15u));
}
