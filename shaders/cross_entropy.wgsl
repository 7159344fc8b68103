// losses[m]    = log(sum over v of exp(logits[m, v])) - logits[m, targets[m]]       0 where the target is ignored
// logits[m, v] = loss_scale * (softmax(logits[m])[v] - (v == targets[m]))           all 0 there; 0 beyond the vocabulary
//
// logits   f32 [rows, stride]   overwritten by their gradient
// targets  u32 [rows]           0xffffffff: ignored
// losses   f32 [rows]
// dispatch one workgroup per row of the window: (rows, 1, 1)

#include lib/run

override vocabulary: u32;
override stride: u32;
override max_rows: u32 = 0xffffffffu;     // of a window of the token rows; what it has beyond run.rows is made and never used
override threads: u32 = 64;

@group(0) @binding(1) var<storage, read_write> logits: array<f32>;
@group(0) @binding(2) var<storage, read> targets: array<u32>;
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;

const IGNORED = 0xffffffffu;

var<workgroup> partial: array<f32, threads>;

fn largest(thread: u32, value: f32) -> f32 {
  partial[thread] = value;
  workgroupBarrier();
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    if (thread < half) { partial[thread] = max(partial[thread], partial[thread + half]); }
    workgroupBarrier();
  }
  let result = partial[0];
  workgroupBarrier();
  return result;
}

fn total(thread: u32, value: f32) -> f32 {
  partial[thread] = value;
  workgroupBarrier();
  for (var half = threads / 2u; half > 0u; half /= 2u) {   // a fixed order, so that two runs agree to the bit
    if (thread < half) { partial[thread] += partial[thread + half]; }
    workgroupBarrier();
  }
  let result = partial[0];
  workgroupBarrier();
  return result;
}

@compute @workgroup_size(threads)
fn cross_entropy(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = group.x;
  if (row >= min(run.rows, max_rows)) { return; }   // the whole workgroup
  let first = row * stride;
  let aim = targets[row];

  var top = -3.4028234e38;
  for (var v = thread; v < vocabulary; v += threads) { top = max(top, logits[first + v]); }
  top = largest(thread, top);

  var sum = 0.0;
  for (var v = thread; v < vocabulary; v += threads) { sum += exp(logits[first + v] - top); }
  sum = total(thread, sum);

  let ignored = aim == IGNORED;
  if (thread == 0u) {
    losses[row] = select(log(sum) + top - logits[first + min(aim, vocabulary - 1u)], 0.0, ignored);
  }
  workgroupBarrier();                     // the target's logit has been read
  storageBarrier();

  let scale = select(run.loss_scale, 0.0, ignored);
  for (var v = thread; v < stride; v += threads) {
    let probability = exp(logits[first + v] - top) / sum;
    let gradient = scale * (probability - select(0.0, 1.0, v == aim));
    logits[first + v] = select(gradient, 0.0, ignored || v >= vocabulary);
  }
}
