// result[n] = diagonal * I + sign * L[n] * M[n]      for each block n
//
// L is skew-symmetric, and `packed` holds what lies above its diagonal, row after row. FIRST: M = factor * I, which is not
// bound. STORED: L is the transpose of a stored matrix, and M itself is added in place of the identity.
//
// packed     f32 [blocks, size * (size - 1) / 2]; with STORED f32 [blocks, size, size]
// M, result  f32 [blocks, size, size]
// dispatch one thread per element, 64 a workgroup, spread over x and y

override size: u32;
override sign: f32 = 1;
override diagonal: f32 = 0;
override factor: f32 = 1;

@group(0) @binding(1) var<storage, read> packed: array<f32>;
@group(0) @binding(2) var<storage, read_write> result: array<f32>;
#if !FIRST
@group(0) @binding(3) var<storage, read> M: array<f32>;
#endif

#if STORED
fn left(block: u32, r: u32, k: u32) -> f32 { return packed[(block * size + k) * size + r]; }
#else
#include lib/skew
fn left(block: u32, r: u32, k: u32) -> f32 { return skew(block, r, k); }
#endif

@compute @workgroup_size(64)
fn skew_product(@builtin(workgroup_id) group: vec3u,
                @builtin(num_workgroups) groups: vec3u,
                @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= arrayLength(&result)) { return; }
  let column = i % size;
  let row = (i / size) % size;
  let block = i / (size * size);
  var product = 0.0;
#if FIRST
  product = factor * left(block, row, column);
#else
  for (var k = 0u; k < size; k++) { product += left(block, row, k) * M[(block * size + k) * size + column]; }
#endif
#if STORED
  result[i] = M[i] + sign * product;
#else
  result[i] = select(0.0, diagonal, row == column) + sign * product;
#endif
}
