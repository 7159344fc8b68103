// y[0, c] = x[run.rows - 1, c]
//
// x  f32 [rows, columns]
// y  f32 [1, columns]
// dispatch one thread per column, 64 a workgroup

#include lib/run

@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(64)
fn last_row(@builtin(global_invocation_id) thread: vec3u) {
  let columns = arrayLength(&y);
  if (thread.x < columns) { y[thread.x] = x[(run.rows - 1u) * columns + thread.x]; }
}
