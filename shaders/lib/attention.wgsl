// What the kernels of attention share.

override heads: u32;
override group: u32;                      // query heads that share one head of keys and values
override head_dim4: u32;                  // dimensions of a head, in vectors of four
override scale: f32;
override window: u32 = 0xffffffffu;       // keys that a row sees at most

const LOWEST = -3e38;                     // stands for minus infinity, which a compiler may assume away
const LOG2_E = 1.4426950408889634;        // exp(x) = exp2(x * LOG2_E)

// Scores of one row for four keys, of which it sees those from `first` to `last`.
fn masked(s: vec4f, key: vec4u, first: u32, last: u32) -> vec4f {
  return select(vec4f(LOWEST), s, (key >= vec4u(first)) & (key <= vec4u(last)));
}

fn largest(v: vec4f) -> f32 { return max(max(v.x, v.y), max(v.z, v.w)); }

fn total(v: vec4f) -> f32 { return (v.x + v.y) + (v.z + v.w); }
