// result += left · right, repeated, in four chains: only subgroup-matrix products, with f16 inputs and f32
// accumulation.
//
// x        f16 [at least M K and K N]
// y        f32 [workgroups, M N]     the results, so that no compiler leaves the work out; the subgroups of a workgroup
//                                    write the same ones
// size     u32 [1]                   invocations of a subgroup
// dispatch one-dimensional; each subgroup does iterations × 4 products

override iterations: u32;
override threads: u32;

@group(0) @binding(0) var<storage, read> x: array<f16>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@group(0) @binding(2) var<storage, read_write> size: array<u32>;

@compute @workgroup_size(threads)
fn subgroup_matrix(@builtin(workgroup_id) group: vec3u, @builtin(subgroup_size) subgroup_size: u32) {
  let left = subgroupMatrixLoad<subgroup_matrix_left<f16, K, M>, row_major>(&x, 0u, K);
  let right = subgroupMatrixLoad<subgroup_matrix_right<f16, N, K>, row_major>(&x, 0u, N);
  var a: subgroup_matrix_result<f32, N, M>;
  var b: subgroup_matrix_result<f32, N, M>;
  var c: subgroup_matrix_result<f32, N, M>;
  var d: subgroup_matrix_result<f32, N, M>;
  for (var i = 0u; i < iterations; i++) {
    a = subgroupMatrixMultiplyAccumulate(left, right, a);
    b = subgroupMatrixMultiplyAccumulate(left, right, b);
    c = subgroupMatrixMultiplyAccumulate(left, right, c);
    d = subgroupMatrixMultiplyAccumulate(left, right, d);
  }
  let first = group.x * 4u * M * N;
  subgroupMatrixStore<row_major>(&y, first, a, N);
  subgroupMatrixStore<row_major>(&y, first + M * N, b, N);
  subgroupMatrixStore<row_major>(&y, first + 2u * M * N, c, N);
  subgroupMatrixStore<row_major>(&y, first + 3u * M * N, d, N);
  size[0] = subgroup_size;
}
