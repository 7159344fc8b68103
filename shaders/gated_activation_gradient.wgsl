// dgate[i] = dy[i] * up[i] * act'(gate[i])
// dup[i]   = dy[i] * act(gate[i])                act by the constant SILU, GELU_TANH or GELU
//
// dy, gate, up, dgate, dup  f32 [rows, columns]
// gate_up, dgate_up         f32 [rows, 2, columns]      with FUSED, in place of both
// dispatch one thread per vector, 64 a workgroup, workgroups spread over x and y

#include lib/vector
#include lib/activation

@group(0) @binding(1) var<storage, read> dy: array<Vector>;
#if FUSED
override columns: u32;      // in vectors

@group(0) @binding(2) var<storage, read> gate_up: array<Vector>;
@group(0) @binding(3) var<storage, read_write> dgate_up: array<Vector>;
#else
@group(0) @binding(2) var<storage, read> gate: array<Vector>;
@group(0) @binding(3) var<storage, read> up: array<Vector>;
@group(0) @binding(4) var<storage, read_write> dgate: array<Vector>;
@group(0) @binding(5) var<storage, read_write> dup: array<Vector>;
#endif

@compute @workgroup_size(64)
fn gated_activation_gradient(@builtin(workgroup_id) group: vec3u,
                             @builtin(num_workgroups) groups: vec3u,
                             @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= arrayLength(&dy)) { return; }
#if FUSED
  let place = i + i / columns * columns;
  let x = gate_up[place];
  let share = gate_of(x);
  dgate_up[place] = dy[i] * gate_up[place + columns] * (share + x * gate_slope(x));
  dgate_up[place + columns] = dy[i] * x * share;
#else
  let x = gate[i];
  let share = gate_of(x);
  dgate[i] = dy[i] * up[i] * (share + x * gate_slope(x));
  dup[i] = dy[i] * x * share;
#endif
}
