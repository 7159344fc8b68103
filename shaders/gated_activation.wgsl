// y[i] = act(gate[i]) * up[i]      act by the constant SILU, GELU_TANH or GELU
//
// gate, up, y  f32 [rows, columns]
// gate_up      f32 [rows, 2, columns]      with FUSED, in place of both
// dispatch one thread per vector, 64 a workgroup, workgroups spread over x and y

#include lib/vector
#include lib/activation

#if FUSED
override columns: u32;      // in vectors

@group(0) @binding(1) var<storage, read> gate_up: array<Vector>;
@group(0) @binding(2) var<storage, read_write> y: array<Vector>;
#else
@group(0) @binding(1) var<storage, read> gate: array<Vector>;
@group(0) @binding(2) var<storage, read> up: array<Vector>;
@group(0) @binding(3) var<storage, read_write> y: array<Vector>;
#endif

@compute @workgroup_size(64)
fn gated_activation(@builtin(workgroup_id) group: vec3u,
                    @builtin(num_workgroups) groups: vec3u,
                    @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= arrayLength(&y)) { return; }
#if FUSED
  let place = i + i / columns * columns;
  let gate = gate_up[place];
  let up = gate_up[place + columns];
  y[i] = gate * gate_of(gate) * up;
#else
  y[i] = gate[i] * gate_of(gate[i]) * up[i];
#endif
}
