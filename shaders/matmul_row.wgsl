// y[n] = sum over k of x[k] * weight[n, k]  (+ bias[n])  (+ lora_scale * sum over j of z[j] * lora_B[n, j])  (+ residual[n])
//
// The product of matmul.wgsl for one row, as in decoding, where all of the time goes into reading the weight once. Neighbouring
// threads read neighbouring words of a row of it (eight elements of a packed one a thread), so that a GPU fetches whole cache
// lines and its memory bandwidth is the limit. Then the threads of four columns add up their sums.
//
// x         f32 [in]
// weight    [out, in], dense or packed, or a part of its rows
// y         f32 [y_stride]        written from column y_column on
// bias      f32 [out]             with BIAS
// z         f32 [rank]            with LORA; x times lora_A transposed
// lora_B    f32 [out, rank]
// residual  f32 [out]             with RESIDUAL
//
// Sizes with a 4 at the end count vectors of four. Where `out` is no multiple of 4, the last vector's surplus columns
// repeat the last one.
// dispatch  ceil(out4 / 2) workgroups of two vectors of columns, 32 threads each

#include lib/run
#include lib/weight8

override in4: u32;
override out: u32;
override y_column4: u32 = 0;
override rank4: u32 = 0;
override lora_scale: f32 = 1;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
#if BIAS
@group(0) @binding(BIAS_BINDING) var<storage, read> bias: array<vec4f>;
#endif
#if LORA
@group(0) @binding(LORA_BINDING) var<storage, read> z: array<vec4f>;
@group(0) @binding(LORA_BINDING + 1) var<storage, read> lora_B: array<vec4f>;
#endif
#if RESIDUAL
@group(0) @binding(RESIDUAL_BINDING) var<storage, read> residual: array<vec4f>;
#endif

const LANES = 32u;

var<workgroup> partial: array<vec4f, 64>;

@compute @workgroup_size(LANES, 2)
fn matmul_row(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) id: vec3u) {
  let out4 = (out + 3u) / 4u;
  let lane = id.x;
  let thread = id.y * LANES + lane;
  let column = group.x * 2u + id.y;
  let rows = min(min(column, out4 - 1u) * 4u + vec4u(0u, 1u, 2u, 3u), vec4u(out - 1u));
  let n = rows * in4;

#if NF4_SHARED
  share_nf4_code(thread);
#endif
  var sum = vec4f();
#if WEIGHT_PACKED
  for (var k = 2u * lane; k < in4; k += 2u * LANES) {
    let w0 = weight8(n.x + k);
    let w1 = weight8(n.y + k);
    let w2 = weight8(n.z + k);
    let w3 = weight8(n.w + k);
    sum += x[k] * mat4x4f(w0.first, w1.first, w2.first, w3.first);
    sum += x[k + 1u] * mat4x4f(w0.last, w1.last, w2.last, w3.last);
  }
#else
  for (var k = lane; k < in4; k += LANES) {
    sum += x[k] * mat4x4f(weight4(n.x + k), weight4(n.y + k), weight4(n.z + k), weight4(n.w + k));
  }
#endif
#if LORA
  let b = rows * rank4;
  for (var j = lane; j < rank4; j += LANES) {
    sum += z[j] * (lora_scale * mat4x4f(lora_B[b.x + j], lora_B[b.y + j], lora_B[b.z + j], lora_B[b.w + j]));
  }
#endif
  partial[thread] = sum;
  workgroupBarrier();
  for (var half = LANES / 2u; half > 0u; half /= 2u) {   // a fixed order, so that two runs agree to the bit
    if (lane < half) { partial[thread] += partial[thread + half]; }
    workgroupBarrier();
  }
  if (lane > 0u || column >= out4) { return; }
  var value = partial[thread];
#if BIAS
  value += bias[column];
#endif
#if RESIDUAL
  value += residual[y_column4 + column];
#endif
  y[y_column4 + column] = value;
}
