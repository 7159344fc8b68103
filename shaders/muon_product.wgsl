// The products of an iteration of Newton and Schulz, with the coefficients of torch.optim.Muon, for each of several matrices:
//
// TRANSPOSED:            c = a bᵀ
// TRANSPOSED and ADDED:  c = 2.0315 * a bᵀ - 4.775 * d
// ADDED:                 c = a b + 3.4445 * d
//
// a       f32 [matrices, rows, inner]
// b       f32 [matrices, columns, inner] with TRANSPOSED, else [matrices, inner, columns]
// c       f32 [matrices, rows, columns]
// d       f32 [matrices, rows, columns], absent unless ADDED
// window  u32 [4]                          rows, columns, inner
// dispatch one thread per tile of 4 × 4, 8 × 8 a workgroup: columns over x, rows over y, matrices over z

@group(0) @binding(1) var<storage, read> a: array<f32>;
@group(0) @binding(2) var<storage, read> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<f32>;
#if ADDED
@group(0) @binding(4) var<storage, read> d: array<f32>;
@group(0) @binding(5) var<uniform> window: vec4u;
#else
@group(0) @binding(4) var<uniform> window: vec4u;
#endif

#if TRANSPOSED
const OF_PRODUCT = 2.0315;
const OF_ADDED = -4.775;
#else
const OF_PRODUCT = 1.0;
const OF_ADDED = 3.4445;
#endif

// Neighbouring threads read the same elements, which caches hold; without barriers the kernel is quick on a processor too.
@compute @workgroup_size(8, 8)
fn muon_product(@builtin(global_invocation_id) thread: vec3u) {
  let rows = window[0];
  let columns = window[1];
  let inner = window[2];
  let first_row = thread.y * 4u;
  let first_column = thread.x * 4u;
  if (first_row >= rows || first_column >= columns) { return; }
  let at_a = thread.z * rows * inner;
  let at_b = thread.z * inner * columns;
  // Beyond the last row and column the last one is computed again, and not stored.
  let own_rows = at_a + min(vec4u(first_row) + vec4u(0u, 1u, 2u, 3u), vec4u(rows - 1u)) * inner;
  let own_columns = min(vec4u(first_column) + vec4u(0u, 1u, 2u, 3u), vec4u(columns - 1u));
#if TRANSPOSED
  var place = at_b + own_columns * inner;
  let stride = 1u;
#else
  var place = at_b + own_columns;
  let stride = columns;
#endif
  var sums: array<vec4f, 4>;
  for (var k = 0u; k < inner; k += 1u) {
    let row_of_b = vec4f(b[place[0]], b[place[1]], b[place[2]], b[place[3]]);
    place += stride;
    sums[0] += a[own_rows[0] + k] * row_of_b;
    sums[1] += a[own_rows[1] + k] * row_of_b;
    sums[2] += a[own_rows[2] + k] * row_of_b;
    sums[3] += a[own_rows[3] + k] * row_of_b;
  }
  for (var r = 0u; r < 4u; r += 1u) {
    for (var s = 0u; s < 4u; s += 1u) {
      let row = first_row + r;
      let column = first_column + s;
      if (row >= rows || column >= columns) { continue; }
      let at = thread.z * rows * columns + row * columns + column;
#if ADDED
      c[at] = OF_PRODUCT * sums[r][s] + OF_ADDED * d[at];
#else
      c[at] = sums[r][s];
#endif
    }
  }
}
