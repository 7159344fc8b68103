// A dense weight by rows, for kernels that are made for one matrix: constants IN4 and WEIGHT_ROWS are its sizes. A
// comparison keeps an index within an array of constant length. If the length is only known at run time, a software adapter
// divides at each access. The including kernel is given WEIGHT_BINDING and one of WEIGHT_F32, WEIGHT_F16,
// WEIGHT_BF16 as well.

#if WEIGHT_F32
@group(0) @binding(WEIGHT_BINDING) var<storage, read> weight: array<array<vec4f, IN4>, WEIGHT_ROWS>;

fn weight4(row: u32, k: u32) -> vec4f { return weight[row][k]; }
#else
@group(0) @binding(WEIGHT_BINDING) var<storage, read> weight: array<array<vec2u, IN4>, WEIGHT_ROWS>;
#endif
#if WEIGHT_F16

fn weight4(row: u32, k: u32) -> vec4f {
  let pair = weight[row][k];
  return vec4f(unpack2x16float(pair.x), unpack2x16float(pair.y));
}
#endif
#if WEIGHT_BF16

fn weight4(row: u32, k: u32) -> vec4f {   // a bfloat16 is the upper half of a float32
  let pair = weight[row][k];
  return bitcast<vec4f>(vec4u(pair.x << 16u, pair.x & 0xffff0000u, pair.y << 16u, pair.y & 0xffff0000u));
}
#endif
