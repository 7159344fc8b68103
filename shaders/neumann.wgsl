// R[n] = I + 2 * Q[n] + 2 * Q[n]^2 + ... + last * Q[n]^highest      for each block n
//
// Q is skew-symmetric, and `packed` holds what lies above its diagonal, row after row. A workgroup computes one column by
// Horner's rule, so no powers are stored.
//
// packed  f32 [blocks, size * (size - 1) / 2]
// R       f32 [blocks, size, size]
// dispatch one workgroup per block and column, spread over x and y

override size: u32;
override highest: u32;
override last: f32;

@group(0) @binding(1) var<storage, read> packed: array<f32>;
@group(0) @binding(2) var<storage, read_write> R: array<f32>;

#include lib/skew

const THREADS = 64u;

var<workgroup> sum: array<f32, SIZE>;
var<workgroup> next: array<f32, SIZE>;

@compute @workgroup_size(THREADS)
fn neumann(@builtin(workgroup_id) group: vec3u,
           @builtin(num_workgroups) groups: vec3u,
           @builtin(local_invocation_index) thread: u32) {
  let i = group.x + group.y * groups.x;
  if (i * size >= arrayLength(&R)) { return; }             // the whole workgroup
  let block = i / size;
  let column = i % size;
  for (var r = thread; r < size; r += THREADS) { sum[r] = select(0.0, last, r == column); }
  workgroupBarrier();
  for (var power = highest; power > 0u; power--) {
    let coefficient = select(2.0, 1.0, power == 1u);
    for (var r = thread; r < size; r += THREADS) {
      var value = select(0.0, coefficient, r == column);
      for (var k = 0u; k < size; k++) { value += skew(block, r, k) * sum[k]; }
      next[r] = value;
    }
    workgroupBarrier();
    for (var r = thread; r < size; r += THREADS) { sum[r] = next[r]; }
    workgroupBarrier();
  }
  for (var r = thread; r < size; r += THREADS) { R[(block * size + r) * size + column] = sum[r]; }
}
