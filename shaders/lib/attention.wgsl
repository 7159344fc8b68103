// Shared parts of the attention kernels.

override heads: u32;
override group: u32;                      // query heads that share one head of keys and values
override head_dim4: u32;                  // dimensions of a head, in vectors of four
override threads_y: u32 = 1;
override scale: f32;
override window: u32 = 0xffffffffu;       // keys that a row sees at most

// The first head of a dispatch that has only some of them: in x, and no override, for then each would need a pipeline.
#if HEAD_BINDING
@group(0) @binding(HEAD_BINDING) var<uniform> heads_of_dispatch: vec4u;

fn first_head() -> u32 { return heads_of_dispatch.x; }
#else
fn first_head() -> u32 { return 0u; }
#endif

const LOWEST = -3e38;                     // stands for minus infinity, which a compiler may assume away
const LOG2_E = 1.4426950408889634;        // exp(x) = exp2(x * LOG2_E)
const STEPS = vec4u(0u, 1u, 2u, 3u);

// Scores for four positions, of which those from `first` to `last` count.
fn seen4(s: vec4f, position: vec4u, first: u32, last: u32) -> vec4f {
  return select(vec4f(LOWEST), s, (position >= vec4u(first)) & (position <= vec4u(last)));
}

fn seen(s: mat4x4f, position: vec4u, first: vec4u, last: vec4u) -> mat4x4f {
  return mat4x4f(seen4(s[0], position, first.x, last.x), seen4(s[1], position, first.y, last.y),
                 seen4(s[2], position, first.z, last.z), seen4(s[3], position, first.w, last.w));
}

fn largest(v: vec4f) -> f32 { return max(max(v.x, v.y), max(v.z, v.w)); }

fn total(v: vec4f) -> f32 { return (v.x + v.y) + (v.z + v.w); }
