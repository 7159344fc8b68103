// Four neighbours of a row within a block of columns, from the column 4 * quad of the block on; zero beyond the block.
//
// x, dy  f32 [rows, width]      dy with GRADIENT
// R      f32 [blocks, size, size]      without
// With QUADS they are bound as vectors: the size is a multiple of 4.

#if QUADS
fn quad_of_x(row: u32, block: u32, quad: u32) -> vec4f { return x[(row * width + block * size) / 4u + quad]; }
#if GRADIENT
fn quad_of_dy(row: u32, block: u32, quad: u32) -> vec4f { return dy[(row * width + block * size) / 4u + quad]; }
#else
fn quad_of_R(block: u32, row: u32, quad: u32) -> vec4f { return R[(block * size + row) * size / 4u + quad]; }
#endif
#else
fn quad_of_x(row: u32, block: u32, quad: u32) -> vec4f {
  var values = vec4f();
  for (var i = 0u; i < min(4u, size - 4u * quad); i++) { values[i] = x[row * width + block * size + 4u * quad + i]; }
  return values;
}
#if GRADIENT
fn quad_of_dy(row: u32, block: u32, quad: u32) -> vec4f {
  var values = vec4f();
  for (var i = 0u; i < min(4u, size - 4u * quad); i++) { values[i] = dy[row * width + block * size + 4u * quad + i]; }
  return values;
}
#else
fn quad_of_R(block: u32, row: u32, quad: u32) -> vec4f {
  var values = vec4f();
  for (var i = 0u; i < min(4u, size - 4u * quad); i++) { values[i] = R[(block * size + row) * size + 4u * quad + i]; }
  return values;
}
#endif
#endif
