// W = scale[g] * (code - zero[g])     g is the input column's group; src/ops/packings/gptq.ts has the layout
#include lib/grouped_scales

#if ACT_ORDER
// The groups of four input columns.
fn groups_of(column4: u32) -> vec4u {
  let first = (groups * packed_out) / 2u + (groups * packed_out) / 8u + 4u * column4;
  return vec4u(scales[first], scales[first + 1u], scales[first + 2u], scales[first + 3u]);
}

fn unpacked(code: vec4f, row: u32, column4: u32) -> vec4f {
  let g = groups_of(column4);
  let zero = vec4f(group_zero(g.x, row, row % 8u), group_zero(g.y, row, row % 8u),
                   group_zero(g.z, row, row % 8u), group_zero(g.w, row, row % 8u));
  return vec4f(group_scale(g.x, row), group_scale(g.y, row), group_scale(g.z, row), group_scale(g.w, row)) * (code - zero);
}
#else
fn unpacked(code: vec4f, row: u32, column4: u32) -> vec4f {
  let group = column4 / group4;
  return group_scale(group, row) * (code - group_zero(group, row, row % 8u));
}
#endif

fn weight4(i: u32) -> vec4f {
  let row = i / packed_in4;
  let column4 = i % packed_in4;
  let word = codes[column4 / 2u * packed_out + row] >> (column4 % 2u * 16u);
  let code = (vec4u(word) >> vec4u(0u, 4u, 8u, 12u)) & vec4u(15u);
  return unpacked(vec4f(code), row, column4);
}
