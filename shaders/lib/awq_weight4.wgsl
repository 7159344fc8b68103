// W = scale[g] * (code - zero[g])     g is the input column's group; src/ops/packings/awq.ts has the layout
#include lib/grouped_scales

fn weight4(i: u32) -> vec4f {
  let row = i / packed_in4;
  let column4 = i % packed_in4;
  let group = column4 / group4;
  let nibble = row % 8u / 2u + row % 2u * 4u;   // rows lie in the order 0, 2, 4, 6, 1, 3, 5, 7
  let stride = packed_out / 8u;
  let first = column4 * 4u * stride + row / 8u;
  let words = vec4u(codes[first], codes[first + stride], codes[first + 2u * stride], codes[first + 3u * stride]);
  let code = (words >> vec4u(4u * nibble)) & vec4u(15u);
  return group_scale(group, row) * (vec4f(code) - group_zero(group, row, nibble));
}
