// y = x
//
// x, y vec4f [size] dispatch one-dimensional; threads take elements in turn, neighbouring threads neighbouring elements

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn copy(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < arrayLength(&y); i += groups.x * 64u) { y[i] = x[i]; }
}
