// Direct preference optimisation (Rafailov et al. 2023, arXiv 2305.18290), with the sigmoid as in its equation 7.
//
// chosen   = beta * sum over the chosen text's rows of (log_probs - reference)
// rejected = beta * sum over the rejected text's rows of (log_probs - reference)
// margin   = chosen - rejected
// loss     = -log(sigmoid(margin)) = log(1 + exp(-margin))
//
// All of a pair stands at its first row. Rows between have 0.
//
// pairs                 u32 [rows, 2]   at a pair's first row: first row of its rejected text, and the row after its last;
//                                       0 and 0 at the other rows
// log_probs, reference  f32 [rows]      of each row's target; 0 if it has none
// losses                f32 [rows]
// chosen, rejected      f32 [rows]      the rewards
// accuracies            f32 [rows]      1 if the chosen reward is the greater one
// margins               f32 [rows]
// dispatch one workgroup per row, spread over x and y

#include lib/run

override beta: f32;
override threads: u32 = 64;

@group(0) @binding(1) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(2) var<storage, read> log_probs: array<f32>;
@group(0) @binding(3) var<storage, read> reference: array<f32>;
@group(0) @binding(4) var<storage, read_write> losses: array<f32>;
@group(0) @binding(5) var<storage, read_write> chosen: array<f32>;
@group(0) @binding(6) var<storage, read_write> rejected: array<f32>;
@group(0) @binding(7) var<storage, read_write> accuracies: array<f32>;
@group(0) @binding(8) var<storage, read_write> margins: array<f32>;

// x: of the chosen text, y: of the rejected one
var<workgroup> sums: array<vec2f, threads>;

@compute @workgroup_size(threads)
fn dpo_loss(@builtin(workgroup_id) group: vec3u,
            @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_index) thread: u32) {
  let first = group.x + group.y * groups.x;
  if (first >= run.rows) { return; }               // the whole workgroup
  let pair = pairs[first];                         // x: the rejected text's first row, y: the row after its last

  var sum = vec2f(0.0);
  for (var row = first + thread; row < pair.y; row += threads) {
    let ratio = log_probs[row] - reference[row];
    sum += select(vec2f(0.0, ratio), vec2f(ratio, 0.0), row < pair.x);
  }
  sums[thread] = sum;
  workgroupBarrier();
  for (var half = threads / 2u; half > 0u; half /= 2u) {   // a fixed order, so that two runs agree to the bit
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }

  if (thread > 0u) { return; }
  let rewards = beta * sums[0];
  let margin = rewards.x - rewards.y;
  let is_pair = pair.y > 0u;
  losses[first] = select(0.0, max(-margin, 0.0) + log(1.0 + exp(-abs(margin))), is_pair);
  chosen[first] = rewards.x;
  rejected[first] = rewards.y;
  accuracies[first] = select(0.0, 1.0, margin > 0.0);
  margins[first] = margin;
}
