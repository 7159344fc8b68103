// gradient[c] (+)= sum over r of dy[r, c] * x[r, c] (/ norms[c])
//
// dy, x     f32 [rows, columns]      the rows from first_row on, max_rows at most
// norms     f32 [columns]            with NORMS
// gradient  f32 [columns]
// dispatch 16 threads per vector of columns, 4 vectors a workgroup

#include lib/run

override columns4: u32;
override first_row: u32 = 0;
override max_rows: u32 = 0xffffffff;
override further: u32;      // 1: an earlier kernel has written to the gradient

@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;
#if NORMS
@group(0) @binding(4) var<storage, read> norms: array<vec4f>;
#endif

var<workgroup> partial: array<vec4f, 64>;

@compute @workgroup_size(64)
fn magnitude_gradient(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let column = group.x * 4u + thread % 4u;               // neighbours read neighbours
  let lane = thread / 4u;
  let rows = min(run.rows - min(run.rows, first_row), max_rows);
  var sum = vec4f();
  if (column < columns4) {
    for (var row = lane; row < rows; row += 16u) {
      let i = row * columns4 + column;
      sum += dy[i] * x[i];
    }
  }
  partial[thread] = sum;
  workgroupBarrier();
  for (var half = 8u; half > 0u; half /= 2u) {
    if (lane < half) { partial[thread] += partial[thread + 4u * half]; }
    workgroupBarrier();
  }
  if (lane > 0u || column >= columns4) { return; }
  var result = partial[thread];
#if NORMS
  result /= norms[column];
#endif
  if (further == 1u || run.accumulate == 1u) { result += gradient[column]; }
  gradient[column] = result;
}
