// y[r, c] = magnitude[c] (/ norms[c]) * x[r, c]  (+ bias[c])  (+ residual[r, c])
//
// x, y, residual          f32 [rows, columns]      residual with RESIDUAL
// magnitude, norms, bias  f32 [columns]            norms with NORMS, bias with BIAS
// dispatch one thread per vector of four, 64 a workgroup, workgroups spread over x and y

override columns4: u32;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> magnitude: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
#if NORMS
@group(0) @binding(NORMS_BINDING) var<storage, read> norms: array<vec4f>;
#endif
#if BIAS
@group(0) @binding(BIAS_BINDING) var<storage, read> bias: array<vec4f>;
#endif
#if RESIDUAL
@group(0) @binding(RESIDUAL_BINDING) var<storage, read> residual: array<vec4f>;
#endif

@compute @workgroup_size(64)
fn magnitude_scale(@builtin(workgroup_id) group: vec3u,
                   @builtin(num_workgroups) groups: vec3u,
                   @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= arrayLength(&y)) { return; }
  let column = i % columns4;
#if NORMS
  var value = magnitude[column] / norms[column] * x[i];
#else
  var value = magnitude[column] * x[i];
#endif
#if BIAS
  value += bias[column];
#endif
#if RESIDUAL
  value += residual[i];
#endif
  y[i] = value;
}
