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
// parameters, moment1 (m), moment2 (v), gradients  f32 [n]      windows of the flat buffers; n is a multiple of 4
// metrics                                          f32 [4]
// dispatch one thread per vector of four, 256 a workgroup, workgroups spread over x and y

#include lib/run

@group(0) @binding(1) var<storage, read_write> parameters: array<vec4f>;
@group(0) @binding(2) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> moment1: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> moment2: array<vec4f>;
@group(0) @binding(5) var<storage, read> metrics: array<f32>;

@compute @workgroup_size(256)
fn adamw(@builtin(workgroup_id) group: vec3u,
         @builtin(num_workgroups) groups: vec3u,
         @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i >= arrayLength(&parameters) || metrics[2] != 0.0) { return; }
  let g = metrics[3] * gradients[i];
  let m = run.beta1 * moment1[i] + run.one_minus_beta1 * g;
  let v = run.beta2 * moment2[i] + run.one_minus_beta2 * g * g;
  let decayed = parameters[i] * (1.0 - run.learning_rate * run.weight_decay);
  let root = sqrt(v) / sqrt(run.bias_correction2) + run.epsilon;
  parameters[i] = decayed - run.learning_rate / run.bias_correction1 * m / root;
  moment1[i] = m;
  moment2[i] = v;
}
