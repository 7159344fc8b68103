// Q[block][r, c] of skew-symmetric matrices, of which `packed` holds what lies above the diagonal, row after row.
fn skew(block: u32, r: u32, c: u32) -> f32 {
  if (r == c) { return 0.0; }
  let low = min(r, c);
  let at = low * (2u * size - low - 1u) / 2u + max(r, c) - low - 1u;
  let value = packed[block * (size * (size - 1u) / 2u) + at];
  return select(-value, value, r < c);
}
