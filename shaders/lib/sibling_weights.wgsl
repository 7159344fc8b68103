// Eight neighbouring elements of each of MATRICES weights of one format, as lib/weight8 gives them of one: weight8_0,
// weight8_1, ... of `i`, which counts vectors of four and is even. The including kernel is given the constants
// WEIGHT_<m>_BINDING and, for NF4, SCALES_<m>_BINDING, and what the format's reader tells, with <m> behind its overrides' names.
#include lib/nf4

struct Eight {
  first: vec4f,
  last: vec4f,
}

#for m in MATRICES
#if WEIGHT_NF4
@group(0) @binding(WEIGHT_$m_BINDING) var<storage, read> codes_$m: array<u32>;
@group(0) @binding(SCALES_$m_BINDING) var<storage, read> scales_$m: array<u32>;

#if DOUBLE_QUANT
override nested_blocks_$m: u32;

fn scale_$m(block: u32) -> f32 {
  let packed = scales_$m[320u + nested_blocks_$m + block / 4u];
  let code = (packed >> (8u * (block % 4u))) & 255u;
  let nested = bitcast<f32>(scales_$m[320u + block / NF4_NESTED_BLOCK]);
  return bitcast<f32>(scales_$m[code]) * nested + bitcast<f32>(scales_$m[256u]);
}
#else
fn scale_$m(block: u32) -> f32 { return bitcast<f32>(scales_$m[block]); }
#endif

fn weight8_$m(i: u32) -> Eight {
  let word = codes_$m[i / 2u];
  let scale = scale_$m(i / 2u / (NF4_BLOCK / 8u));
  return Eight(scale * nf4_first4(word), scale * nf4_last4(word));
}
#endif
#if WEIGHT_F32
@group(0) @binding(WEIGHT_$m_BINDING) var<storage, read> weight_$m: array<vec4f>;

fn weight8_$m(i: u32) -> Eight { return Eight(weight_$m[i], weight_$m[i + 1u]); }
#endif
#if WEIGHT_F16
@group(0) @binding(WEIGHT_$m_BINDING) var<storage, read> weight_$m: array<vec4u>;

fn weight8_$m(i: u32) -> Eight {
  let w = weight_$m[i / 2u];
  return Eight(
    vec4f(unpack2x16float(w.x), unpack2x16float(w.y)),
    vec4f(unpack2x16float(w.z), unpack2x16float(w.w)));
}
#endif
#if WEIGHT_BF16
@group(0) @binding(WEIGHT_$m_BINDING) var<storage, read> weight_$m: array<vec4u>;

fn weight8_$m(i: u32) -> Eight {   // a bfloat16 is the upper half of a float32
  let w = weight_$m[i / 2u];
  let low = w << vec4u(16u);
  let high = w & vec4u(0xffff0000u);
  return Eight(
    bitcast<vec4f>(vec4u(low.x, high.x, low.y, high.y)),
    bitcast<vec4f>(vec4u(low.z, high.z, low.w, high.w)));
}
#endif
#end
