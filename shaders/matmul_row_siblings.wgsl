// y_m[n] = sum over k of x[k] * weight_m[n, k]  (+ bias_m[n])  (+ lora_scale_m * sum over j of z_m[j] * lora_B_m[n, j])
//
// matmul_row.wgsl for MATRICES weights of one format that are multiplied with the same x (q, k and v; gate and up): decoding is
// a long row of small dispatches, each of which waits for the one before, so that half as many of them take little more than
// half the time. With GATED there are two and one result, y[n] = act(y_0[n]) * y_1[n].
//
// x         f32 [in]              in is a multiple of 8
// weight_m  [out_m, in]           f32, f16, bf16 or NF4
// y_m       f32 [out_m]           y of as many columns with GATED; padded to a multiple of 4
// bias_m    f32 [out_m]           with BIAS
// z_m       f32 [rank_m]          with LORA; x times lora_A transposed
// lora_B_m  f32 [out_m, rank_m]
//
// Sizes with a 4 at the end count vectors of four. first_<m> is the first workgroup of matrix m.
// dispatch  ceil(out_m / 8) workgroups of two vectors of columns for each m (with GATED, for both), 32 threads a vector

#include lib/run
#include lib/sibling_weights
#if GATED
#include lib/vector
#include lib/activation
#endif

override in4: u32;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
#if GATED
@group(0) @binding(Y_BINDING) var<storage, read_write> y: array<vec4f>;
#endif

const LANES = 32u;

var<workgroup> partial: array<vec4f, 64>;

#for m in MATRICES
override out_$m: u32;
override first_$m: u32 = 0;
#if LORA
override rank4_$m: u32;
override lora_scale_$m: f32;
@group(0) @binding(Z_$m_BINDING) var<storage, read> z_$m: array<vec4f>;
@group(0) @binding(LORA_B_$m_BINDING) var<storage, read> lora_B_$m: array<vec4f>;
#endif
#if BIAS
@group(0) @binding(BIAS_$m_BINDING) var<storage, read> bias_$m: array<vec4f>;
#endif
#if !GATED
@group(0) @binding(Y_$m_BINDING) var<storage, read_write> y_$m: array<vec4f>;
#endif

// A thread's share of a vector of columns.
fn part_$m(column: u32, lane: u32) -> vec4f {
  let rows = min(column * 4u + vec4u(0u, 1u, 2u, 3u), vec4u(out_$m - 1u));
  let n = rows * in4;
  var sum = vec4f();
  for (var k = 2u * lane; k < in4; k += 2u * LANES) {
    let w0 = weight8_$m(n.x + k);
    let w1 = weight8_$m(n.y + k);
    let w2 = weight8_$m(n.z + k);
    let w3 = weight8_$m(n.w + k);
    sum += x[k] * mat4x4f(w0.first, w1.first, w2.first, w3.first);
    sum += x[k + 1u] * mat4x4f(w0.last, w1.last, w2.last, w3.last);
  }
#if LORA
  let b = rows * rank4_$m;
  for (var j = lane; j < rank4_$m; j += LANES) {
    let B = mat4x4f(lora_B_$m[b.x + j], lora_B_$m[b.y + j], lora_B_$m[b.z + j], lora_B_$m[b.w + j]);
    sum += z_$m[j] * (lora_scale_$m * B);
  }
#endif
#if BIAS
  if (lane == 0u) { sum += bias_$m[min(column, (out_$m - 1u) / 4u)]; }
#endif
  return sum;
}
#end

// The sum over the threads of a vector of columns, in a fixed order, so that two runs agree to the bit. For its first thread.
fn summed(thread: u32, lane: u32, part: vec4f) -> vec4f {
  workgroupBarrier();
  partial[thread] = part;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {
    if (lane < half) { partial[thread] += partial[thread + half]; }
    workgroupBarrier();
  }
  return partial[thread];
}

@compute @workgroup_size(LANES, 2)
fn matmul_row_siblings(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) id: vec3u) {
  let lane = id.x;
  let thread = id.y * LANES + lane;
#if NF4_SHARED
  share_nf4_code(thread);
#endif
#if GATED
  let column = group.x * 2u + id.y;
  let gate = summed(thread, lane, part_0(column, lane));
  let up = summed(thread, lane, part_1(column, lane));
  if (lane == 0u && column < arrayLength(&y)) { y[column] = gate * gate_of(gate) * up; }
#else
  var matrix = 0u;
#for m in MATRICES
  if (group.x >= first_$m) { matrix = $mu; }
#end
  var part = vec4f();
  switch (matrix) {
#for m in MATRICES
    case $mu: { part = part_$m((group.x - first_$m) * 2u + id.y, lane); }
#end
    default: {}
  }
  let value = summed(thread, lane, part);
  if (lane > 0u) { return; }
  switch (matrix) {
#for m in MATRICES
    case $mu: {
      let column = (group.x - first_$m) * 2u + id.y;
      if (column < arrayLength(&y_$m)) { y_$m[column] = value; }
    }
#end
    default: {}
  }
#endif
}
