// How far Adafactor's update of each tensor is scaled, in a fixed order of additions:
//
// mean   = mean of the tensor's rows' second moments
// update = clip * gradient[r, c] / √(rows[r] / mean) / √columns[c]
// factors[tensor] = (mean, 1 / max(1, root mean square of update))
//
// gradients      f32 [n]            a window of the flat buffer
// rows, columns  f32                of all tensors
// factors        f32 [tensors, 2]   of all tensors
// metrics        f32 [4]
// table          u32                as in adafactor_rows.wgsl
// window         u32 [4]            all tensors, first element of the flat buffer, first tensor, tensors
// dispatch one workgroup per tensor, spread over x and y

#include lib/run

override threads: u32 = 256;

@group(0) @binding(1) var<storage, read> gradients: array<f32>;
@group(0) @binding(2) var<storage, read> rows: array<f32>;
@group(0) @binding(3) var<storage, read> columns: array<f32>;
@group(0) @binding(4) var<storage, read_write> factors: array<vec2f>;
@group(0) @binding(5) var<storage, read> metrics: array<f32>;
@group(0) @binding(6) var<storage, read> table: array<u32>;
@group(0) @binding(7) var<uniform> window: vec4u;

const TABLE_START = 0u;
#include lib/tensor_table

var<workgroup> sums: array<f32, threads>;

fn total(thread: u32) -> f32 {
  workgroupBarrier();
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }
  let sum = sums[0];
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(threads)
fn adafactor_factors(@builtin(workgroup_id) group: vec3u,
                     @builtin(num_workgroups) groups: vec3u,
                     @builtin(local_invocation_index) thread: u32) {
  let index = group.x + group.y * groups.x;
  if (index >= window[3] || metrics[2] != 0.0) { return; }     // the whole workgroup
  let number = window[2] + index;
  let by_rows = record_of(number);
  let first_column = record_of(window[0] + number).first;
  let height = by_rows.count / by_rows.columns;
  let start = by_rows.offset - window[1];

  var sum = 0.0;
  for (var row = thread; row < height; row += threads) { sum += rows[by_rows.first + row]; }
  sums[thread] = sum;
  let mean = total(thread) / f32(height);

  sum = 0.0;
  for (var element = thread; element < by_rows.count; element += threads) {
    let row = element / by_rows.columns;
    let column = element - row * by_rows.columns;
    let g = metrics[3] * gradients[start + row * by_rows.stride + column];
    let update = g * inverseSqrt(rows[by_rows.first + row] / mean) * inverseSqrt(columns[first_column + column]);
    sum += update * update;
  }
  sums[thread] = sum;
  let root = sqrt(total(thread) / f32(by_rows.count));
  if (thread == 0u) { factors[number] = vec2f(mean, 1.0 / max(1.0, root)); }
}
