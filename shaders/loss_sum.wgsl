// metrics[place] (+)= loss_scale * sum over r of losses[r]
// metrics[2] = 1 if a loss, or their sum, is not finite; within an accumulation window it stays,
//              and at a place after the losses'
//
// losses   f32 [rows]      bound as words, to test their exponents
// metrics  f32 [4 or more]
// dispatch one workgroup

#include lib/run
#include lib/finite

override place: u32 = 0u;                             // 0: the losses; from 4 on other measured values

@group(0) @binding(1) var<storage, read> losses: array<u32>;
@group(0) @binding(2) var<storage, read_write> metrics: array<f32>;

var<workgroup> sums: array<f32, 256>;
var<workgroup> broken: array<u32, 256>;

@compute @workgroup_size(256)
fn loss_sum(@builtin(local_invocation_index) thread: u32) {
  var sum = 0.0;
  var not_finite = 0u;
  for (var row = thread; row < run.rows; row += 256u) {
    let bits = losses[row];
    sum += bitcast<f32>(bits);
    if (!is_finite(bits)) { not_finite = 1u; }
  }
  sums[thread] = sum;
  broken[thread] = not_finite;
  workgroupBarrier();
  for (var half = 128u; half > 0u; half /= 2u) {   // a fixed order, so that two runs agree to the bit
    if (thread < half) {
      sums[thread] += sums[thread + half];
      broken[thread] |= broken[thread + half];
    }
    workgroupBarrier();
  }
  if (thread > 0u) { return; }
  var mean = run.loss_scale * sums[0];
  var flag = broken[0] != 0u || !is_finite(bitcast<u32>(mean));
  if (run.accumulate == 1u) { mean += metrics[place]; }
  if (run.accumulate == 1u || place > 0u) { flag = flag || metrics[2] != 0.0; }
  metrics[place] = mean;
  metrics[2] = select(0.0, 1.0, flag);
}
