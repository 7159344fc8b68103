// scores[g, n] = the n-th highest logit of group g      ids[g, n] = its column; of equals the lower comes first
//
// Choosing among the likeliest tokens takes the few that are told here, not a row as long as the vocabulary. NaN counts as
// higher than all numbers, so that it is told; where a group has fewer than four columns, -infinity and 0xffffffff stand in.
//
// logits  f32 [1, columns], padded to a multiple of 4
// scores  f32 [groups, 4]
// ids     u32 [groups, 4]
// Group g has the vectors g, g + groups, g + 2 groups ...: neighbouring threads read side by side. Numbers are compared by
// their bits, in which order and NaN are certain.
// dispatch  one thread per group, 64 a workgroup

override columns: u32;
override groups: u32;

@group(0) @binding(1) var<storage, read> logits: array<vec4u>;
@group(0) @binding(2) var<storage, read_write> scores: array<vec4u>;
@group(0) @binding(3) var<storage, read_write> ids: array<vec4u>;

const INFINITY = 0x7f800000u;
const SIGN = 0x80000000u;

// A number that is the higher the higher the float32 of these bits is.
fn rank_of(bits: u32) -> u32 {
  if ((bits & ~SIGN) > INFINITY) { return 0xffffffffu; }
  return select(bits | SIGN, ~bits, bits >= SIGN);
}

@compute @workgroup_size(64)
fn likeliest(@builtin(global_invocation_id) thread: vec3u) {
  let group = thread.x;
  if (group >= groups) { return; }
  var ranks = vec4u(~(SIGN | INFINITY));   // descending
  var places = vec4u(0xffffffffu);
  for (var vector = group; vector * 4u < columns; vector += groups) {
    let four = logits[vector];
    for (var i = 0u; i < 4u; i++) {
      let column = vector * 4u + i;
      let rank = rank_of(four[i]);
      if (rank <= ranks.w || column >= columns) { continue; }
      let below = ranks < vec4u(rank);
      let moved = vec4<bool>(false, below.xyz);
      ranks = select(ranks, select(vec4u(rank), ranks.xxyz, moved), below);
      places = select(places, select(vec4u(column), places.xxyz, moved), below);
    }
  }
  scores[group] = select(~ranks, ranks & vec4u(~SIGN), ranks >= vec4u(SIGN));
  ids[group] = places;
}
