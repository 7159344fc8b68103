// One step of AdamW (Loshchilov & Hutter 2019), in the order in which torch.optim.AdamW computes it:
//
// g  = clip * gradient
// p *= 1 - learning_rate * weight_decay
// m  = beta1 * m + (1 - beta1) * g
// v  = beta2 * v + (1 - beta2) * g^2
// p -= learning_rate / bias_correction1 * m / (√v / √bias_correction2 + epsilon)
//
// clip is metrics[3]. Nothing happens where metrics[2] says that a loss or a gradient was not finite.
//
// parameters, gradients            f32 [n]      windows of the flat buffers; n is a multiple of 4
// moment1 (m), moment2 (v)         f32 [n]      the same windows
// metrics                          f32 [4]
//
// With TENSORS some tensors alone are updated, at rates of their own, and the moments have only theirs:
//
// table                            u32          the records, `first` and `count` in elements, multiples of 4
// window                           u32 [4]      first element of the moments and of the flat buffer, first record, records
// dispatch one thread per vector of four, 256 a workgroup, workgroups spread over x and y

#include lib/run

@group(0) @binding(1) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> moment1: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> moment2: array<vec4f>;
@group(0) @binding(5) var<storage, read> metrics: array<f32>;
#if TENSORS
@group(0) @binding(6) var<storage, read> table: array<u32>;
@group(0) @binding(7) var<uniform> window: vec4u;

const TABLE_START = 0u;
#include lib/tensor_table
#endif

@compute @workgroup_size(256)
fn adamw(@builtin(workgroup_id) group: vec3u,
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
  let m = run.beta1 * moment1[j] + run.one_minus_beta1 * g;
  let v = run.beta2 * moment2[j] + run.one_minus_beta2 * g * g;
  let decayed = parameters[i] * (1.0 - rate * decay);
  let root = sqrt(v) / sqrt(run.bias_correction2) + run.epsilon;
  parameters[i] = decayed - rate / run.bias_correction1 * m / root;
  moment1[j] = m;
  moment2[j] = v;
}
