// One step of Lion (Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms"), in the order in which bitsandbytes
// computes it:
//
// g  = clip * gradient
// p *= 1 - learning_rate * weight_decay
// p -= learning_rate * sign(beta1 * m + (1 - beta1) * g)
// m  = beta2 * m + (1 - beta2) * g
//
// clip is metrics[3]. Nothing happens where metrics[2] says that a loss or a gradient was not finite.
//
// parameters, gradients  f32 [n]      windows of the flat buffers; n is a multiple of 4
// moment1 (m)            f32 [n]      the same window
// metrics                f32 [4]
//
// TENSORS, its table and its window, and the dispatch are those of adamw.wgsl.

#include lib/run

@group(0) @binding(1) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> moment1: array<vec4f>;
@group(0) @binding(4) var<storage, read> metrics: array<f32>;
#if TENSORS
@group(0) @binding(5) var<storage, read> table: array<u32>;
@group(0) @binding(6) var<uniform> window: vec4u;

const TABLE_START = 0u;
#include lib/tensor_table
#endif

@compute @workgroup_size(256)
fn lion(@builtin(workgroup_id) group: vec3u,
        @builtin(num_workgroups) groups: vec3u,
        @builtin(local_invocation_index) thread: u32) {
  let j = (group.x + group.y * groups.x) * 256u + thread;
  if (j >= arrayLength(&moment1) || metrics[2] != 0.0) { return; }
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
  let g = metrics[3] * gradients[i];
  let m = moment1[j];
  let decayed = parameters[i] * (1.0 - rate * decay);
  parameters[i] = decayed - rate * sign(run.beta1 * m + run.one_minus_beta1 * g);
  moment1[j] = run.beta2 * m + run.one_minus_beta2 * g;
}
