// y[r, n * size + c] = sum over k of x[r, n * size + k] * R[n][k, c]      with TRANSPOSED R[n][c, k]
//
// x, y  f32 [rows, width], width = blocks * size      the rows from first_row on, max_rows at most
// R     f32 [blocks, size, size]
// dispatch one thread per four rows and four columns of a block, 64 a workgroup, spread over x and y

#include lib/run

override size: u32;
override width: u32;
override first_row: u32 = 0;
override max_rows: u32 = 0xffffffff;

#if QUADS
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> R: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
#else
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> R: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
#endif

#include lib/rotation

@compute @workgroup_size(64)
fn rotation(@builtin(workgroup_id) group: vec3u,
            @builtin(num_workgroups) groups: vec3u,
            @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  let quads = (size + 3u) / 4u;
  let quads_of_row = width / size * quads;
  let rows = min(run.rows - min(run.rows, first_row), max_rows);
  let first = 4u * (i / quads_of_row);
  if (first >= rows) { return; }
  let block = i % quads_of_row / quads;
  let column = i % quads;
  let row = min(first + vec4u(0u, 1u, 2u, 3u), vec4u(rows - 1u));     // a surplus row repeats the last one
  var sums = array<vec4f, 4>();
  for (var k = 0u; k < quads; k++) {
    var m = mat4x4f();
    for (var j = 0u; j < 4u; j++) {
#if TRANSPOSED
      if (4u * column + j < size) { m[j] = quad_of_R(block, 4u * column + j, k); }
#else
      if (4u * k + j < size) { m[j] = quad_of_R(block, 4u * k + j, column); }
#endif
    }
    for (var j = 0u; j < 4u; j++) {
#if TRANSPOSED
      sums[j] += quad_of_x(row[j], block, k) * m;
#else
      sums[j] += m * quad_of_x(row[j], block, k);
#endif
    }
  }
  for (var j = 0u; j < 4u && first + j < rows; j++) {
#if QUADS
    y[((first + j) * width + block * size) / 4u + column] = sums[j];
#else
    for (var c = 0u; c < min(4u, size - 4u * column); c++) {
      y[(first + j) * width + block * size + 4u * column + c] = sums[j][c];
    }
#endif
  }
}
