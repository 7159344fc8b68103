// metrics[1] = norm = √(sum of the partials)
// metrics[2] = 1 if that is not finite, else unchanged
// metrics[3] = min(1, max_grad_norm / (norm + 1e-6)), or 1 where max_grad_norm is 0: torch.nn.utils.clip_grad_norm_
//
// partials  f32 [chunks]
// metrics   f32 [4]
// dispatch one workgroup

#include lib/run
#include lib/finite

@group(0) @binding(1) var<storage, read> partials: array<f32>;
@group(0) @binding(2) var<storage, read_write> metrics: array<f32>;

var<workgroup> sums: array<f32, 256>;

@compute @workgroup_size(256)
fn gradient_norm(@builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  for (var i = thread; i < arrayLength(&partials); i += 256u) { sum += partials[i]; }
  sums[thread] = sum;
  workgroupBarrier();
  for (var half = 128u; half > 0u; half /= 2u) {           // a fixed order, so that two runs agree to the bit
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }
  if (thread > 0u) { return; }
  let norm = sqrt(sums[0]);
  metrics[1] = norm;
  metrics[3] = 1.0;
  if (!is_finite(bitcast<u32>(sums[0]))) {
    metrics[2] = 1.0;
  } else if (run.max_grad_norm > 0.0) {
    metrics[3] = min(1.0, run.max_grad_norm / (norm + 1e-6));
  }
}
