// A step of Adafactor, after its second moments (adafactor_rows.wgsl, adafactor_columns.wgsl) and its factors:
//
// p -= learning_rate * weight_decay * p
// p -= learning_rate * scale * clip * gradient[r, c] / √(rows[r] / mean) / √columns[c]
//
// parameters, gradients  f32 [n]            windows of the flat buffers
// rows, columns          f32                of all tensors
// factors                f32 [tensors, 2]   (mean, scale) of all tensors
// metrics                f32 [4]            as in adafactor_rows.wgsl
// table                  u32                as in adafactor_rows.wgsl
// window                 u32 [4]            first element by elements, first element of the flat buffer, first tensor, tensors
// dispatch one thread per element, 256 a workgroup, workgroups spread over x and y; `units` elements, `tensors` in all

#include lib/run

override units: u32;
override tensors: u32;

@group(0) @binding(1) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(2) var<storage, read> gradients: array<f32>;
@group(0) @binding(3) var<storage, read> rows: array<f32>;
@group(0) @binding(4) var<storage, read> columns: array<f32>;
@group(0) @binding(5) var<storage, read> factors: array<vec2f>;
@group(0) @binding(6) var<storage, read> metrics: array<f32>;
@group(0) @binding(7) var<storage, read> table: array<u32>;
@group(0) @binding(8) var<uniform> window: vec4u;

const TABLE_START = 0u;
#include lib/tensor_table

@compute @workgroup_size(256)
fn adafactor(@builtin(workgroup_id) group: vec3u,
             @builtin(num_workgroups) groups: vec3u,
             @builtin(local_invocation_index) thread: u32) {
  let index = (group.x + group.y * groups.x) * 256u + thread;
  if (index >= units || metrics[2] != 0.0) { return; }
  let position = window[0] + index;
  let number = record_index_at(position, 2u * tensors + window[2], window[3]) - 2u * tensors;
  let tensor = record_of(2u * tensors + number);
  let element = position - tensor.first;
  let row = element / tensor.columns;
  let column = element - row * tensor.columns;
  let i = tensor.offset - window[1] + row * tensor.stride + column;
  let factor = factors[number];
  let g = metrics[3] * gradients[i];
  let row_factor = inverseSqrt(rows[record_of(number).first + row] / factor[0]);
  let column_factor = inverseSqrt(columns[record_of(tensors + number).first + column]);
  let rate = run.learning_rate * tensor.rate;
  let decayed = parameters[i] - rate * run.weight_decay * tensor.decay * parameters[i];
  parameters[i] = decayed - rate * (g * row_factor * column_factor * factor[1]);
}
