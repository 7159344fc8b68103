// A step of Muon along the orthogonal directions x:
//
// p *= 1 - learning_rate * weight_decay
// p -= learning_rate * scale * x
//
// scale is the record's own. Nothing happens where metrics[2] says that a loss or a gradient was not finite.
//
// parameters  f32 [n]                a window of the flat buffer
// x           f32 [matrices, m, n]   as muon_momentum.wgsl lays it out
// metrics     f32 [4]
// table, window and dispatch are those of muon_momentum.wgsl

#include lib/run

@group(0) @binding(1) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> metrics: array<f32>;
@group(0) @binding(4) var<storage, read> table: array<u32>;
@group(0) @binding(5) var<uniform> window: vec4u;

const TABLE_START = 0u;
#include lib/tensor_table

@compute @workgroup_size(256)
fn muon_apply(@builtin(workgroup_id) group: vec3u,
              @builtin(num_workgroups) groups: vec3u,
              @builtin(local_invocation_index) thread: u32) {
  let element = (group.x + group.y * groups.x) * 256u + thread;
  let tensor = record_of(window[2] + group.z);
  if (element >= tensor.count || metrics[2] != 0.0) { return; }
#if TALL
  let height = tensor.count / tensor.columns;
  let row = element / tensor.columns;
  let direction = x[group.z * tensor.count + (element - row * tensor.columns) * height + row];
#else
  let direction = x[group.z * tensor.count + element];
#endif
  let i = tensor.offset - window[1] + element;
  let rate = run.learning_rate * tensor.rate;
  let decayed = parameters[i] * (1.0 - rate * run.weight_decay);
  parameters[i] = decayed - rate * tensor.scale * direction;
}
