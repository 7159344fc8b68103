// A dense weight as vectors of four elements, whatever it is stored as. The including kernel is given the constants
// WEIGHT_BINDING and one of WEIGHT_F32, WEIGHT_F16, WEIGHT_BF16.

#if WEIGHT_F32
@group(0) @binding(WEIGHT_BINDING) var<storage, read> weight: array<vec4f>;

fn weight4(i: u32) -> vec4f { return weight[i]; }
#endif
#if WEIGHT_F16
@group(0) @binding(WEIGHT_BINDING) var<storage, read> weight: array<vec2u>;

fn weight4(i: u32) -> vec4f {
  let pair = weight[i];
  return vec4f(unpack2x16float(pair.x), unpack2x16float(pair.y));
}
#endif
#if WEIGHT_BF16
@group(0) @binding(WEIGHT_BINDING) var<storage, read> weight: array<vec2u>;

fn weight4(i: u32) -> vec4f {   // a bfloat16 is the upper half of a float32
  let pair = weight[i];
  return bitcast<vec4f>(vec4u(pair.x << 16u, pair.x & 0xffff0000u, pair.y << 16u, pair.y & 0xffff0000u));
}
#endif
