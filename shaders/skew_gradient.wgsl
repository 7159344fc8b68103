// gradient[n, (i, j)] (+)= factor * sum over k of G[n][i, k] * M[n][j, k] - G[n][j, k] * M[n][i, k]      for i < j
//
// The gradient by Q of a product Q * M with a skew-symmetric Q, given the product's gradient G. FIRST: M = I, which is not
// bound. PLUS_IDENTITY: M + I in place of M.
//
// G, M      f32 [blocks, size, size]
// gradient  f32 [blocks, size * (size - 1) / 2], what lies above the diagonal, row after row
// dispatch one thread per element of G, 64 a workgroup, spread over x and y; those on or below the diagonal do nothing

#include lib/run

override size: u32;
override factor: f32 = 1;
override further: u32;      // 1: an earlier kernel has written to the gradient

@group(0) @binding(1) var<storage, read> G: array<f32>;
@group(0) @binding(2) var<storage, read_write> gradient: array<f32>;
#if !FIRST
@group(0) @binding(3) var<storage, read> M: array<f32>;
#endif

@compute @workgroup_size(64)
fn skew_gradient(@builtin(workgroup_id) group: vec3u,
                 @builtin(num_workgroups) groups: vec3u,
                 @builtin(local_invocation_index) thread: u32) {
  let e = (group.x + group.y * groups.x) * 64u + thread;
  if (e >= arrayLength(&G)) { return; }
  let j = e % size;
  let i = (e / size) % size;
  let block = e / (size * size);
  if (j <= i) { return; }
  let at_i = (block * size + i) * size;
  let at_j = (block * size + j) * size;
  var sum = 0.0;
#if FIRST
  sum = G[at_i + j] - G[at_j + i];
#else
  for (var k = 0u; k < size; k++) { sum += G[at_i + k] * M[at_j + k] - G[at_j + k] * M[at_i + k]; }
#if PLUS_IDENTITY
  sum += G[at_i + j] - G[at_j + i];
#endif
#endif
  let at = block * (size * (size - 1u) / 2u) + i * (2u * size - i - 1u) / 2u + j - i - 1u;
  var result = factor * sum;
  if (further == 1u || run.accumulate == 1u) { result += gradient[at]; }
  gradient[at] = result;
}
