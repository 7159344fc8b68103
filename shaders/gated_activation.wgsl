// y[i] = act(gate[i]) * up[i]      act by the constant SILU, GELU_TANH or GELU
//
// gate, up, y  f32 [rows, columns]
// dispatch one thread per vector, 64 a workgroup, workgroups spread over x and y

#include lib/vector
#include lib/activation

@group(0) @binding(1) var<storage, read> gate: array<Vector>;
@group(0) @binding(2) var<storage, read> up: array<Vector>;
@group(0) @binding(3) var<storage, read_write> y: array<Vector>;

@compute @workgroup_size(64)
fn gated_activation(@builtin(workgroup_id) group: vec3u,
                    @builtin(num_workgroups) groups: vec3u,
                    @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= arrayLength(&y)) { return; }
  y[i] = gate[i] * gate_of(gate[i]) * up[i];
}
