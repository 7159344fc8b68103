// The direction of Muon (Jordan et al. 2024) before it is made orthogonal, as torch.optim.Muon computes it with Nesterov's momentum:
//
// g        = clip * gradient
// momentum = momentum + 0.05 * (g - momentum)
// x        = momentum - 0.05 * (momentum - g)
//
// clip is metrics[3]. The momentum stays as it is where metrics[2] says that a loss or a gradient was not finite.
//
// gradients  f32 [n]                    a window of the flat buffer
// momentum   f32                        a window: the matrices one after the other
// x          f32 [matrices, m, n]       m ≤ n: a matrix with more rows than columns is transposed (TALL)
// metrics    f32 [4]
// table      u32                        the matrices' records, `first` in elements of the momentum; all of one shape
// window     u32 [4]                    first element of the momentum and of the flat buffer, first record, matrices
// dispatch one thread per element, 256 a workgroup; workgroups spread over x and y, matrices over z

#include lib/run

@group(0) @binding(1) var<storage, read> gradients: array<f32>;
@group(0) @binding(2) var<storage, read_write> momentum: array<f32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;
@group(0) @binding(4) var<storage, read> metrics: array<f32>;
@group(0) @binding(5) var<storage, read> table: array<u32>;
@group(0) @binding(6) var<uniform> window: vec4u;

const TABLE_START = 0u;
const NEW = 0.05;                   // 1 - momentum
#include lib/tensor_table

@compute @workgroup_size(256)
fn muon_momentum(@builtin(workgroup_id) group: vec3u,
                 @builtin(num_workgroups) groups: vec3u,
                 @builtin(local_invocation_index) thread: u32) {
  let element = (group.x + group.y * groups.x) * 256u + thread;
  let tensor = record_of(window[2] + group.z);
  if (element >= tensor.count) { return; }
  let place = tensor.first - window[0] + element;
  let g = metrics[3] * gradients[tensor.offset - window[1] + element];
  let kept = momentum[place] + NEW * (g - momentum[place]);
  if (metrics[2] == 0.0) { momentum[place] = kept; }
  let direction = kept - NEW * (kept - g);
#if TALL
  let height = tensor.count / tensor.columns;
  let row = element / tensor.columns;
  x[group.z * tensor.count + (element - row * tensor.columns) * height + row] = direction;
#else
  x[group.z * tensor.count + element] = direction;
#endif
}
