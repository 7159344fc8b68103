// losses[m]    = log(sum over v of exp(logits[m, v])) - logits[m, targets[m]]       0 if the target is ignored
// logits[m, v] = loss_scale * (softmax(logits[m])[v] - (v == targets[m]))           all 0 there; 0 beyond the vocabulary
//
// With SMOOTHING (Szegedy et al. 2016) the target's share is 1 - smoothing, and smoothing / vocabulary is added to all:
//
// nll[m]       = the losses of above
// losses[m]    = (1 - smoothing) * nll[m] + smoothing * (log(sum over v of exp(logits[m, v])) - mean over v of logits[m, v])
// logits[m, v] = loss_scale * (softmax(logits[m])[v] - (1 - smoothing) * (v == targets[m]) - smoothing / vocabulary)
//
// With DFT (Wu et al. 2025, arXiv 2508.05629, equation 9) a loss is weighted by the target's probability, which counts as
// a constant in the gradient; p = softmax(logits[m])[targets[m]]:
//
// nll[m]       = the losses of above
// losses[m]    = p * nll[m]
// logits[m, v] = loss_scale * p * (softmax(logits[m])[v] - (v == targets[m]))
//
// With WEIGHTS losses[m] and the logits' gradient are multiplied by weights[m]; nll[m] is not.
//
// With LOG_PROBS losses[m] has the opposite sign. With COEFFICIENTS -coefficients[m] takes the place of loss_scale. The losses
// are written with LOSSES only.
//
// The logits are read once for the losses, with a running maximum (Milakov & Gimelshein 2018), and with GRADIENT once more
// for their gradient.
//
// logits   f32 [rows, stride]   with GRADIENT overwritten by their gradient
// targets  u32 [rows]           0xffffffff: ignored
// losses   f32 [rows]
// nll, coefficients, weights  f32 [rows]
// dispatch one workgroup per row of the window: (rows, 1, 1)

#include lib/run

override vocabulary: u32;
override stride: u32;
override max_rows: u32 = 0xffffffffu;     // rows of a window; rows beyond run.rows are computed and never used
override threads: u32 = 64;

#if GRADIENT
@group(0) @binding(1) var<storage, read_write> logits: array<f32>;
#else
@group(0) @binding(1) var<storage, read> logits: array<f32>;
#endif
@group(0) @binding(2) var<storage, read> targets: array<u32>;
#if COEFFICIENTS
@group(0) @binding(3) var<storage, read> coefficients: array<f32>;
#endif
#if LOSSES
@group(0) @binding(3) var<storage, read_write> losses: array<f32>;
#if NLL
@group(0) @binding(4) var<storage, read_write> nll: array<f32>;
#endif
#endif
#if WEIGHTS
#if NLL
@group(0) @binding(5) var<storage, read> weights: array<f32>;
#else
#if LOSSES
@group(0) @binding(4) var<storage, read> weights: array<f32>;
#else
@group(0) @binding(3) var<storage, read> weights: array<f32>;
#endif
#endif
#endif
#if SMOOTHING
override smoothing: f32;

var<workgroup> totals: array<f32, threads>;
#endif

const IGNORED = 0xffffffffu;
const LOWEST = -3.4028234e38;

var<workgroup> maxima: array<f32, threads>;
var<workgroup> sums: array<f32, threads>;

@compute @workgroup_size(threads)
fn cross_entropy(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let row = group.x;
  if (row >= min(run.rows, max_rows)) { return; }   // the whole workgroup
  let first = row * stride;
  let aim = targets[row];

  var top = LOWEST;
  var sum = 0.0;
#if SMOOTHING
  var total = 0.0;
#endif
  for (var v = thread; v < vocabulary; v += threads) {
    let logit = logits[first + v];
    if (logit > top) {
      sum *= exp(top - logit);
      top = logit;
    }
    sum += exp(logit - top);
#if SMOOTHING
    total += logit;
#endif
  }
  maxima[thread] = top;
  sums[thread] = sum;
#if SMOOTHING
  totals[thread] = total;
#endif
  workgroupBarrier();
  for (var half = threads / 2u; half > 0u; half /= 2u) {   // a fixed order, so that two runs agree to the bit
    if (thread < half) {
      let other = maxima[thread + half];
      top = max(maxima[thread], other);
      sums[thread] = sums[thread] * exp(maxima[thread] - top) + sums[thread + half] * exp(other - top);
      maxima[thread] = top;
#if SMOOTHING
      totals[thread] += totals[thread + half];
#endif
    }
    workgroupBarrier();
  }
  top = maxima[0];
  sum = sums[0];

  let ignored = aim == IGNORED;
  let aimed = logits[first + min(aim, vocabulary - 1u)];
  var weight = 1.0;
#if WEIGHTS
  weight = weights[row];
#endif
#if DFT
  weight *= exp(aimed - top) / sum;
#endif
#if LOSSES
  if (thread == 0u) {
    let loss = select(log(sum) + top - aimed, 0.0, ignored);
#if NLL
    nll[row] = loss;
#endif
#if SMOOTHING
    let spread = select(log(sum) + top - totals[0] / f32(vocabulary), 0.0, ignored);
    losses[row] = weight * ((1.0 - smoothing) * loss + smoothing * spread);
#else
#if LOG_PROBS
    losses[row] = -loss;
#else
    losses[row] = weight * loss;
#endif
#endif
  }
#endif
#if GRADIENT
  workgroupBarrier();                     // the target's logit has been read
  storageBarrier();

#if COEFFICIENTS
  let scale = select(-coefficients[row], 0.0, ignored);
#else
  let scale = select(run.loss_scale * weight, 0.0, ignored);
#endif
  for (var v = thread; v < stride; v += threads) {
    let probability = exp(logits[first + v] - top) / sum;
#if SMOOTHING
    let share = select(0.0, 1.0 - smoothing, v == aim) + smoothing / f32(vocabulary);
#else
    let share = select(0.0, 1.0, v == aim);
#endif
    let gradient = scale * (probability - share);
    logits[first + v] = select(gradient, 0.0, ignored || v >= vocabulary);
  }
#endif
}
