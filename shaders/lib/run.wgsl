// What changes from one run of a program to the next; everything else is fixed when its pipelines are made.
// Written by src/gpu/run.ts in this order.
struct Run {
  rows: u32,               // token rows in use, at most the program's capacity
  past: u32,               // rows already in the key and value cache, before row 0
  seed: u32,
  counter: u32,            // micro-batches so far: the dropout's random numbers are keyed by it
  accumulate: u32,         // 0: gradients and metrics are set, 1: added to
  loss_scale: f32,         // 1 / target tokens of the whole accumulation window
  learning_rate: f32,
  beta1: f32,
  beta2: f32,
  epsilon: f32,
  weight_decay: f32,
  bias_correction1: f32,   // 1 - beta1^step
  bias_correction2: f32,   // 1 - beta2^step
  max_grad_norm: f32,      // 0: no clipping
  one_minus_beta1: f32,
  one_minus_beta2: f32,
}

@group(0) @binding(0) var<uniform> run: Run;
