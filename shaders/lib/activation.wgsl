// Activations of the form act(x) = x * gate(x), of which gate and its derivative are given. One of the constants SILU,
// GELU_TANH, GELU names it. All are written so that nothing overflows or cancels, however large x is.

// The logistic function of z in x, and of -z in y: 1 - x would lose what is left of it for large z.
struct Logistic { positive: Vector, negative: Vector }

fn logistic(z: Vector) -> Logistic {
  let small = exp(-abs(z));
  let major = 1.0 / (1.0 + small);
  let minor = small / (1.0 + small);
  let rising = z >= Vector();
  return Logistic(select(minor, major, rising), select(major, minor, rising));
}

#if SILU
// silu(x) = x * logistic(x)
fn gate_of(x: Vector) -> Vector { return logistic(x).positive; }

fn gate_slope(x: Vector) -> Vector {
  let s = logistic(x);
  return s.positive * s.negative;
}
#endif
#if GELU_TANH
// 0.5 x (1 + tanh(√(2/π) (x + 0.044715 x³))) = x * logistic(2 √(2/π) (x + 0.044715 x³))
const TWICE_ROOT = 1.5957691216057308;

fn gate_of(x: Vector) -> Vector {
  let v = clamp(x, Vector(-30.0), Vector(30.0));
  return logistic(TWICE_ROOT * (v + 0.044715 * v * v * v)).positive;
}

fn gate_slope(x: Vector) -> Vector {
  let v = clamp(x, Vector(-30.0), Vector(30.0));
  let s = logistic(TWICE_ROOT * (v + 0.044715 * v * v * v));
  return s.positive * s.negative * (TWICE_ROOT * (1.0 + 0.134145 * v * v));
}
#endif
#if GELU
// gelu(x) = x * Φ(x). The error function is Abramowitz & Stegun's 7.1.26, with an error of at most 1.5e-7.
fn gate_of(x: Vector) -> Vector {
  let v = clamp(x, Vector(-30.0), Vector(30.0));
  let t = 1.0 / (1.0 + 0.3275911 * 0.7071067811865476 * abs(v));
  let series = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  let tail = 0.5 * series * exp(-0.5 * v * v);
  return select(tail, 1.0 - tail, v >= Vector());
}

fn gate_slope(x: Vector) -> Vector {
  let v = clamp(x, Vector(-30.0), Vector(30.0));
  return 0.3989422804014327 * exp(-0.5 * v * v);
}
#endif
