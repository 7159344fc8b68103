// norms[n] = sqrt(sum over k of (W[n, k] + scale * sum over j of lora_B[n, j] * lora_A[j, k])^2)
//
// The norms of the rows of a weight with a low-rank pair added (DoRA). Four rows a workgroup share what they read of lora_A.
// SHARED holds their rows of lora_B in workgroup memory, which a high rank exceeds.
//
// W        [out, in], dense or packed, or a part of its rows
// lora_A   f32 [RANK, in]
// lora_B   f32 [out, RANK]
// norms    f32 [out]
// dispatch one workgroup per four rows, spread over x and y

#include lib/weight8

override in4: u32;
override out: u32;
override scale: f32;

@group(0) @binding(2) var<storage, read> lora_A: array<vec4f>;
@group(0) @binding(3) var<storage, read> lora_B: array<f32>;
@group(0) @binding(4) var<storage, read_write> norms: array<f32>;

const LANES = 64u;

#if SHARED
var<workgroup> factors: array<vec4f, RANK>;      // of the four rows
#endif
var<workgroup> partial: array<vec4f, LANES>;

@compute @workgroup_size(LANES)
fn adapted_norms(@builtin(workgroup_id) group: vec3u,
                 @builtin(num_workgroups) groups: vec3u,
                 @builtin(local_invocation_index) lane: u32) {
  let first = 4u * (group.x + group.y * groups.x);
  if (first >= out) { return; }                          // the whole workgroup: `first` is uniform
  let rows = min(first + vec4u(0u, 1u, 2u, 3u), vec4u(out - 1u));   // a surplus row repeats the last one
  let b = rows * RANK;
#if SHARED
  for (var j = lane; j < RANK; j += LANES) {
    factors[j] = scale * vec4f(lora_B[b.x + j], lora_B[b.y + j], lora_B[b.z + j], lora_B[b.w + j]);
  }
  workgroupBarrier();
#endif

  let n = rows * in4;
  var sum = vec4f();
  for (var k = lane; k < in4; k += LANES) {
    var w0 = weight4(n.x + k);
    var w1 = weight4(n.y + k);
    var w2 = weight4(n.z + k);
    var w3 = weight4(n.w + k);
    for (var j = 0u; j < RANK; j++) {
      let a = lora_A[j * in4 + k];
#if SHARED
      let factor = factors[j];
#else
      let factor = scale * vec4f(lora_B[b.x + j], lora_B[b.y + j], lora_B[b.z + j], lora_B[b.w + j]);
#endif
      w0 += factor.x * a;
      w1 += factor.y * a;
      w2 += factor.z * a;
      w3 += factor.w * a;
    }
    sum += vec4f(dot(w0, w0), dot(w1, w1), dot(w2, w2), dot(w3, w3));
  }
  partial[lane] = sum;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {   // a fixed order, so that two runs agree to the bit
    if (lane < half) { partial[lane] += partial[lane + half]; }
    workgroupBarrier();
  }
  if (lane < 4u && first + lane < out) { norms[first + lane] = sqrt(partial[0][lane]); }
}
