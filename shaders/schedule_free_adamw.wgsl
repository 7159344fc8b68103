// One step of schedule-free AdamW (Defazio et al. 2024, "The Road Less Scheduled"), in the order in which schedulefree's
// AdamWScheduleFree computes it. Gradients are those at y; x is the average, for use:
//
// g = clip * gradient
// v = beta2 * v + (1 - beta2) * g^2
// d = g / (√(v / bias_correction2) + epsilon) + weight_decay * y
// y = y + share * (z - y) + learning_rate * (beta1 * (1 - share) - 1) * d
// z = z - learning_rate * d
// x = y + (1 - 1 / beta1) * (z - y)
//
// clip is metrics[3], share is weights[2]. Nothing happens where metrics[2] says that a loss or a gradient was not finite.
//
// parameters (x), gradients  f32 [n]      windows of the flat buffers; n is a multiple of 4
// training (y), z, moment2   f32 [n]      the same windows
// metrics, weights           f32 [4]
//
// TENSORS, its table and its window, and the dispatch are those of adamw.wgsl.

#include lib/run

@group(0) @binding(1) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> training: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> z: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> moment2: array<vec4f>;
@group(0) @binding(6) var<storage, read> metrics: array<f32>;
@group(0) @binding(7) var<storage, read> weights: array<f32>;
#if TENSORS
@group(0) @binding(8) var<storage, read> table: array<u32>;
@group(0) @binding(9) var<uniform> window: vec4u;

const TABLE_START = 0u;
#include lib/tensor_table
#endif

@compute @workgroup_size(256)
fn schedule_free_adamw(@builtin(workgroup_id) group: vec3u,
                       @builtin(num_workgroups) groups: vec3u,
                       @builtin(local_invocation_index) thread: u32) {
  let j = (group.x + group.y * groups.x) * 256u + thread;
  if (j >= arrayLength(&moment2) || metrics[2] != 0.0) { return; }
#if TENSORS
  let position = window[0] + 4u * j;
  let tensor = record_at(position, window[2], window[3]);
  let i = (tensor.offset - window[1] + (position - tensor.first)) / 4u;
  let rate = run.learning_rate * tensor.rate;
  let decay = run.weight_decay * tensor.decay;
#else
  let i = j;
  let rate = run.learning_rate;
  let decay = run.weight_decay;
#endif
  let share = weights[2];
  let g = metrics[3] * gradients[i];
  let y = training[j];
  let v = run.beta2 * moment2[j] + run.one_minus_beta2 * g * g;
  let d = g / (sqrt(v / run.bias_correction2) + run.epsilon) + decay * y;
  let new_y = y + share * (z[j] - y) + rate * (run.beta1 * (1.0 - share) - 1.0) * d;
  let new_z = z[j] - rate * d;
  moment2[j] = v;
  training[j] = new_y;
  z[j] = new_z;
  parameters[i] = new_y + (1.0 - 1.0 / run.beta1) * (new_z - new_y);
}
