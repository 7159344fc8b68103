// What the four threads of a quad hand one another: neighbours in a workgroup of one dimension, on every device.

fn quad_max(value: vec4f) -> vec4f {
  let pair = max(value, quadSwapX(value));
  return max(pair, quadSwapY(pair));
}

fn quad_sum(value: vec4f) -> vec4f {
  let pair = value + quadSwapX(value);
  return pair + quadSwapY(pair);
}

// The four threads' vectors.
fn quad_all(own: vec4f) -> mat4x4f {
  return mat4x4f(quadBroadcast(own, 0u), quadBroadcast(own, 1u), quadBroadcast(own, 2u), quadBroadcast(own, 3u));
}

// Sends a block on after the given turn: thread x has that of thread x ^ turn, and next that of x ^ (turn + 1).
fn quad_turn(block: mat4x4f, turn: u32) -> mat4x4f {
  if (turn == 1u) {
    return mat4x4f(quadSwapDiagonal(block[0]), quadSwapDiagonal(block[1]), quadSwapDiagonal(block[2]), quadSwapDiagonal(block[3]));
  }
  return mat4x4f(quadSwapX(block[0]), quadSwapX(block[1]), quadSwapX(block[2]), quadSwapX(block[3]));
}
