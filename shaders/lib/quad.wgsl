// Exchange between the four threads of a quad: neighbours in a workgroup of one dimension, on every device.
//
// Slot i holds the value of lane `lane ^ i`; slot 0 is the thread's own. So there are swaps only,
// which cost less than broadcasts.

// The four threads' vectors.
fn quad_all(own: vec4f) -> mat4x4f {
  return mat4x4f(own, quadSwapX(own), quadSwapY(own), quadSwapDiagonal(own));
}

// Adds up the four threads' values for one thread, which is at slot 0, 1, 2 and 3 of theirs.
fn quad_max(value: vec4f) -> vec4f {
  let pair = higher(value, quadSwapX(value.yxwz));
  return higher(pair, quadSwapY(pair.zwxy));
}

fn quad_sum(value: vec4f) -> vec4f {
  let pair = value + quadSwapX(value.yxwz);
  return pair + quadSwapY(pair.zwxy);
}

// The block of the thread `lane ^ turn`, with its columns moved to this thread's order.
fn quad_turn_0(block: mat4x4f) -> mat4x4f { return block; }

fn quad_turn_1(block: mat4x4f) -> mat4x4f {
  return mat4x4f(quadSwapX(block[1]), quadSwapX(block[0]), quadSwapX(block[3]), quadSwapX(block[2]));
}

fn quad_turn_2(block: mat4x4f) -> mat4x4f {
  return mat4x4f(quadSwapY(block[2]), quadSwapY(block[3]), quadSwapY(block[0]), quadSwapY(block[1]));
}

fn quad_turn_3(block: mat4x4f) -> mat4x4f {
  return mat4x4f(quadSwapDiagonal(block[3]), quadSwapDiagonal(block[2]), quadSwapDiagonal(block[1]), quadSwapDiagonal(block[0]));
}

// max() and comparisons of row numbers in few instructions on software adapters: max() handles NaN, and comparing integers
// takes ten instructions, comparing floats two. Row numbers are exact as floats up to 2^24.
fn higher(a: vec4f, b: vec4f) -> vec4f { return select(a, b, b > a); }

fn highest4(v: vec4f) -> f32 {
  let pair = select(v.xy, v.zw, v.zw > v.xy);
  return select(pair.x, pair.y, pair.y > pair.x);
}

fn highest_of(s: mat4x4f) -> vec4f { return vec4f(highest4(s[0]), highest4(s[1]), highest4(s[2]), highest4(s[3])); }

fn total_of(s: mat4x4f) -> vec4f { return vec4f(total(s[0]), total(s[1]), total(s[2]), total(s[3])); }

// The scores s[i] for four positions, of which those from first[i] to last[i] count.
fn quad_seen(s: mat4x4f, position: vec4f, first: vec4f, last: vec4f) -> mat4x4f {
  return mat4x4f(between(s[0], position, first.x, last.x), between(s[1], position, first.y, last.y),
                 between(s[2], position, first.z, last.z), between(s[3], position, first.w, last.w));
}

fn between(s: vec4f, position: vec4f, first: f32, last: f32) -> vec4f {
  return select(vec4f(LOWEST), s, (position >= vec4f(first)) & (position <= vec4f(last)));
}
