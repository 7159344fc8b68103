// The second moments of Adafactor's rows (Shazeer & Stern 2018), as transformers' Adafactor computes them:
//
// rows[r] = beta2 * rows[r] + (1 - beta2) * mean over row r of ((clip * gradient)^2 + 1e-30)
//
// clip is metrics[3]. Nothing happens where metrics[2] says that a loss or a gradient was not finite. A vector is a matrix of
// one row.
//
// gradients  f32 [n]     a window of the flat buffer
// rows       f32         of all tensors
// metrics    f32 [4]
// table      u32         records by rows, by columns and by elements, in this order: `first` is counted in these
// window     u32 [4]     first row, first element of the flat buffer, first record by rows, records
// dispatch one workgroup per row, spread over x and y; `count` of the rows is `units`

#include lib/run

override units: u32;
override threads: u32 = 64;

@group(0) @binding(1) var<storage, read> gradients: array<f32>;
@group(0) @binding(2) var<storage, read_write> rows: array<f32>;
@group(0) @binding(3) var<storage, read> metrics: array<f32>;
@group(0) @binding(4) var<storage, read> table: array<u32>;
@group(0) @binding(5) var<uniform> window: vec4u;

const TABLE_START = 0u;
const LEAST = 1e-30;
#include lib/tensor_table

var<workgroup> sums: array<f32, threads>;

@compute @workgroup_size(threads)
fn adafactor_rows(@builtin(workgroup_id) group: vec3u,
                  @builtin(num_workgroups) groups: vec3u,
                  @builtin(local_invocation_index) thread: u32) {
  let index = group.x + group.y * groups.x;
  if (index >= units || metrics[2] != 0.0) { return; }         // the whole workgroup
  let position = window[0] + index;
  let tensor = record_at(position, window[2], window[3]);
  let start = tensor.offset - window[1] + (position - tensor.first) * tensor.stride;
  var sum = 0.0;
  for (var column = thread; column < tensor.columns; column += threads) {
    let g = metrics[3] * gradients[start + column];
    sum += g * g + LEAST;
  }
  sums[thread] = sum;
  workgroupBarrier();
  for (var half = threads / 2u; half > 0u; half /= 2u) {           // a fixed order, so that two runs agree to the bit
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }
  if (thread == 0u) {
    rows[position] = run.beta2 * rows[position] + run.one_minus_beta2 * (sums[0] / f32(tensor.columns));
  }
}
