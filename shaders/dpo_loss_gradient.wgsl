// gradient[r] = -share for the rows of a pair's chosen text, +share for those of its rejected text
// share       = loss_scale * beta * sigmoid(-margin)
//
// pairs     u32 [rows, 2]   as dpo_loss reads them
// margins   f32 [rows]      at a pair's first row
// gradient  f32 [rows]      of the log-probabilities; every row belongs to one pair
// dispatch one workgroup per row, spread over x and y

#include lib/run

override beta: f32;
override threads: u32 = 64;

@group(0) @binding(1) var<storage, read> pairs: array<vec2u>;
@group(0) @binding(2) var<storage, read> margins: array<f32>;
@group(0) @binding(3) var<storage, read_write> gradient: array<f32>;

@compute @workgroup_size(threads)
fn dpo_loss_gradient(@builtin(workgroup_id) group: vec3u,
                     @builtin(num_workgroups) groups: vec3u,
                     @builtin(local_invocation_index) thread: u32) {
  let first = group.x + group.y * groups.x;
  if (first >= run.rows) { return; }
  let pair = pairs[first];
  // 1 / (1 + exp(margin)), of which exp can't overflow
  let small = exp(-abs(margins[first]));
  let share = run.loss_scale * beta * select(1.0, small, margins[first] > 0.0) / (1.0 + small);
  for (var row = first + thread; row < pair.y; row += threads) {
    gradient[row] = select(share, -share, row < pair.x);
  }
}
