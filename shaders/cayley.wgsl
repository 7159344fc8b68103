// R[n] = 2 * inverse(I + Q[n]) - I = inverse(I + Q[n]) * (I - Q[n])      for each block n
//
// Q is skew-symmetric, and `packed` holds what lies above its diagonal, row after row. Gauss-Jordan elimination in place:
// every leading minor of I + Q is 1 at least, so no rows need to be exchanged.
//
// packed  f32 [blocks, size * (size - 1) / 2]
// R       f32 [blocks, size, size]
// dispatch one workgroup per block, spread over x and y

override size: u32;

@group(0) @binding(1) var<storage, read> packed: array<f32>;
@group(0) @binding(2) var<storage, read_write> R: array<f32>;

#include lib/skew

const THREADS = 64u;

var<workgroup> pivot_row: array<f32, SIZE>;
var<workgroup> pivot_column: array<f32, SIZE>;

@compute @workgroup_size(THREADS)
fn cayley(@builtin(workgroup_id) group: vec3u,
          @builtin(num_workgroups) groups: vec3u,
          @builtin(local_invocation_index) thread: u32) {
  let block = group.x + group.y * groups.x;
  let start = block * size * size;
  if (start >= arrayLength(&R)) { return; }                // the whole workgroup
  for (var i = thread; i < size * size; i += THREADS) {
    let row = i / size;
    let column = i % size;
    R[start + i] = select(0.0, 1.0, row == column) + skew(block, row, column);
  }
  storageBarrier();
  for (var k = 0u; k < size; k++) {
    for (var j = thread; j < size; j += THREADS) {
      pivot_row[j] = R[start + k * size + j];
      pivot_column[j] = R[start + j * size + k];
    }
    workgroupBarrier();
    storageBarrier();
    let pivot = 1.0 / pivot_row[k];
    for (var i = thread; i < size * size; i += THREADS) {
      let row = i / size;
      let column = i % size;
      let scaled = select(pivot * pivot_row[column], pivot, column == k);
      if (row == k) {
        R[start + i] = scaled;
      } else {
        R[start + i] = select(R[start + i], 0.0, column == k) - pivot_column[row] * scaled;
      }
    }
    workgroupBarrier();
    storageBarrier();
  }
  for (var i = thread; i < size * size; i += THREADS) {
    R[start + i] = 2.0 * R[start + i] - select(0.0, 1.0, i / size == i % size);
  }
}
