// y[i] = a[i] + b[i]
//
// a, b, y  f32 [rows, columns]
// dispatch one thread per element, 256 a workgroup, workgroups spread over x and y

@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(256)
fn add(@builtin(workgroup_id) group: vec3u,
       @builtin(num_workgroups) groups: vec3u,
       @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 256u + thread;
  if (i < arrayLength(&y)) { y[i] = a[i] + b[i]; }
}
