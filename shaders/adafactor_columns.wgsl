// The second moments of Adafactor's columns, as adafactor_rows.wgsl has those of the rows:
//
// columns[c] = beta2 * columns[c] + (1 - beta2) * mean over column c of ((clip * gradient)^2 + 1e-30)
//
// gradients  f32 [n]     a window of the flat buffer
// columns    f32         of all tensors
// metrics    f32 [4]
// table      u32         as in adafactor_rows.wgsl
// window     u32 [4]     first column, first element of the flat buffer, first record by columns, records
// dispatch one thread per column, 64 a workgroup, workgroups spread over x and y; `units` columns

#include lib/run

override units: u32;

@group(0) @binding(1) var<storage, read> gradients: array<f32>;
@group(0) @binding(2) var<storage, read_write> columns: array<f32>;
@group(0) @binding(3) var<storage, read> metrics: array<f32>;
@group(0) @binding(4) var<storage, read> table: array<u32>;
@group(0) @binding(5) var<uniform> window: vec4u;

const TABLE_START = 0u;
const LEAST = 1e-30;
#include lib/tensor_table

@compute @workgroup_size(64)
fn adafactor_columns(@builtin(workgroup_id) group: vec3u,
                     @builtin(num_workgroups) groups: vec3u,
                     @builtin(local_invocation_index) thread: u32) {
  let index = (group.x + group.y * groups.x) * 64u + thread;
  if (index >= units || metrics[2] != 0.0) { return; }
  let position = window[0] + index;
  let tensor = record_at(position, window[2], window[3]);
  let start = tensor.offset - window[1] + (position - tensor.first);
  let height = tensor.count / tensor.columns;
  var sum = 0.0;
  for (var row = 0u; row < height; row += 1u) {
    let g = metrics[3] * gradients[start + row * tensor.stride];
    sum += g * g + LEAST;
  }
  columns[position] = run.beta2 * columns[position] + run.one_minus_beta2 * (sum / f32(height));
}
