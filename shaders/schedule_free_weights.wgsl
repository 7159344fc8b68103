// The share of the newest point in the average of schedule-free AdamW (schedule_free_adamw.wgsl), as schedulefree computes it:
//
// highest = max(highest, learning_rate)
// sum    += highest^2
// share   = highest^2 / sum, 0 while the sum is 0
//
// Nothing happens where metrics[2] says that a loss or a gradient was not finite.
//
// weights  f32 [4]     sum, highest, share
// metrics  f32 [4]
// dispatch one thread

#include lib/run

@group(0) @binding(1) var<storage, read_write> weights: array<f32>;
@group(0) @binding(2) var<storage, read> metrics: array<f32>;

@compute @workgroup_size(1)
fn schedule_free_weights() {
  if (metrics[2] != 0.0) { return; }
  let highest = max(weights[1], run.learning_rate);
  let weight = highest * highest;
  let sum = weights[0] + weight;
  weights[0] = sum;
  weights[1] = highest;
  if (sum > 0.0) { weights[2] = weight / sum; }
}
