// dR[n][k, c] (+)= sum over r of x[r, n * size + k] * dy[r, n * size + c]
//
// x, dy  f32 [rows, width], width = blocks * size      the rows from first_row on, max_rows at most
// dR     f32 [blocks, size, size]
// dispatch 16 threads per four rows and four columns of a block, 4 of these a workgroup, spread over x and y

#include lib/run

override size: u32;
override width: u32;
override first_row: u32 = 0;
override max_rows: u32 = 0xffffffff;

#if QUADS
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
#else
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> dy: array<f32>;
#endif
@group(0) @binding(3) var<storage, read_write> dR: array<f32>;

#include lib/rotation

var<workgroup> partial: array<mat4x4f, 64>;

@compute @workgroup_size(64)
fn rotation_gradient(@builtin(workgroup_id) group: vec3u,
                     @builtin(num_workgroups) groups: vec3u,
                     @builtin(local_invocation_index) thread: u32) {
  let quads = (size + 3u) / 4u;
  let tile = (group.x + group.y * groups.x) * 4u + thread % 4u;     // neighbours read neighbours
  let lane = thread / 4u;
  let block = tile / (quads * quads);
  let k = tile / quads % quads;
  let column = tile % quads;
  let rows = min(run.rows - min(run.rows, first_row), max_rows);
  var sum = mat4x4f();
  if (block < width / size) {
    for (var row = lane; row < rows; row += 16u) {
      let a = quad_of_x(row, block, k);
      let b = quad_of_dy(row, block, column);
      sum += mat4x4f(a.x * b, a.y * b, a.z * b, a.w * b);
    }
  }
  partial[thread] = sum;
  workgroupBarrier();
  for (var half = 8u; half > 0u; half /= 2u) {               // a fixed order, so that two runs agree to the bit
    if (lane < half) { partial[thread] += partial[thread + 4u * half]; }
    workgroupBarrier();
  }
  if (lane > 0u || block >= width / size) { return; }
  for (var i = 0u; i < min(4u, size - 4u * k); i++) {
    for (var c = 0u; c < min(4u, size - 4u * column); c++) {
      let at = (block * size + 4u * k + i) * size + 4u * column + c;
      var result = partial[thread][i][c];
      if (first_row > 0u) { result += dR[at]; }
      dR[at] = result;
    }
  }
}
