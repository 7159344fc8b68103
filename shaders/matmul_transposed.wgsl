// dx[m, k] = scale * sum over n of dy[m, n] * weight[n, k]  (+ sum over j of dz[m, j] * lora_A[j, k])  (+ so_far[m, k])
//
// dy       f32 [rows, dy_stride]   read from column dy_column on
// weight   f32, f16 or bf16 [out, in], or a part of its rows
// dx       f32 [rows, in]          with ADD its old content is added to
// dz       f32 [rows, rank]        with LORA; already times the adapter's scale
// lora_A   f32 [rank, in]          its part of dx is masked as x was, with DROPOUT
// so_far   f32 [rows, in]          with SO_FAR; the gradient from x's other uses
//
// Sizes with a 4 at the end count vectors of four. Where `out` is no multiple of 4, dy's surplus columns are zero.
// dispatch (ceil(in4 / threads_x), ceil(rows / (8 * threads_y))); a thread has 8 rows by 4 columns

#include lib/run

override in4: u32;
override out: u32;
override dy_stride4: u32;
override dy_column4: u32 = 0;
override rank4: u32 = 0;
override scale: f32 = 1;
override max_rows: u32 = 0xffffffffu;     // rows of a window; rows beyond run.rows are computed and never used
override threads_x: u32 = 8;
override threads_y: u32 = 8;

@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
#include lib/dense_weight
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;
#if LORA
@group(0) @binding(LORA_BINDING) var<storage, read> dz: array<vec4f>;
@group(0) @binding(LORA_BINDING + 1) var<storage, read> lora_A: array<vec4f>;
#endif
#if SO_FAR
@group(0) @binding(SO_FAR_BINDING) var<storage, read> so_far: array<vec4f>;
#endif
#if DROPOUT
#include lib/dropout
#endif

// Four columns of a row of dy that begins at `row`; zero beyond the weight's rows, in whose place its last one is read.
fn dy4(row: u32, n: u32) -> vec4f {
#if RAGGED
  return select(vec4f(), dy[row + n], 4u * n + vec4u(0u, 1u, 2u, 3u) < vec4u(out));
#else
  return dy[row + n];
#endif
}

fn store(row: u32, rows: u32, k: u32, sum: vec4f) {
  if (row >= rows) { return; }
  let i = row * in4 + k;
  var value = sum;
#if SO_FAR
  value += so_far[i];
#endif
#if ADD
  value += dx[i];
#endif
  dx[i] = value;
}

@compute @workgroup_size(threads_x, threads_y)
fn matmul_transposed(@builtin(global_invocation_id) id: vec3u) {
  let rows = min(run.rows, max_rows);
  let k = id.x;
  let row = id.y * 8u;
  if (k >= in4 || row >= rows) { return; }
  let last = rows - 1u;                   // rows past the end repeat the last one and are not stored
  let row0 = row * dy_stride4 + dy_column4;
  let row1 = min(row + 1u, last) * dy_stride4 + dy_column4;
  let row2 = min(row + 2u, last) * dy_stride4 + dy_column4;
  let row3 = min(row + 3u, last) * dy_stride4 + dy_column4;
  let row4 = min(row + 4u, last) * dy_stride4 + dy_column4;
  let row5 = min(row + 5u, last) * dy_stride4 + dy_column4;
  let row6 = min(row + 6u, last) * dy_stride4 + dy_column4;
  let row7 = min(row + 7u, last) * dy_stride4 + dy_column4;

  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  var sum4 = vec4f();
  var sum5 = vec4f();
  var sum6 = vec4f();
  var sum7 = vec4f();
#if LORA
  for (var j = 0u; j < rank4; j++) {
    let a = j * 4u * in4 + k;
    let w = mat4x4f(lora_A[a], lora_A[a + in4], lora_A[a + 2u * in4], lora_A[a + 3u * in4]);
    sum0 += w * dz[row * rank4 + j];
    sum1 += w * dz[min(row + 1u, last) * rank4 + j];
    sum2 += w * dz[min(row + 2u, last) * rank4 + j];
    sum3 += w * dz[min(row + 3u, last) * rank4 + j];
    sum4 += w * dz[min(row + 4u, last) * rank4 + j];
    sum5 += w * dz[min(row + 5u, last) * rank4 + j];
    sum6 += w * dz[min(row + 6u, last) * rank4 + j];
    sum7 += w * dz[min(row + 7u, last) * rank4 + j];
  }
#if DROPOUT
  sum0 = dropout(sum0, row, k, in4);
  sum1 = dropout(sum1, row + 1u, k, in4);
  sum2 = dropout(sum2, row + 2u, k, in4);
  sum3 = dropout(sum3, row + 3u, k, in4);
  sum4 = dropout(sum4, row + 4u, k, in4);
  sum5 = dropout(sum5, row + 5u, k, in4);
  sum6 = dropout(sum6, row + 6u, k, in4);
  sum7 = dropout(sum7, row + 7u, k, in4);
#endif
#endif
  let out4 = (out + 3u) / 4u;
  for (var n = 0u; n < out4; n++) {
    let r = min(n * 4u + vec4u(0u, 1u, 2u, 3u), vec4u(out - 1u)) * in4 + k;
    let w = scale * mat4x4f(weight4(r.x), weight4(r.y), weight4(r.z), weight4(r.w));
    sum0 += w * dy4(row0, n);
    sum1 += w * dy4(row1, n);
    sum2 += w * dy4(row2, n);
    sum3 += w * dy4(row3, n);
    sum4 += w * dy4(row4, n);
    sum5 += w * dy4(row5, n);
    sum6 += w * dy4(row6, n);
    sum7 += w * dy4(row7, n);
  }
  store(row, rows, k, sum0);
  store(row + 1u, rows, k, sum1);
  store(row + 2u, rows, k, sum2);
  store(row + 3u, rows, k, sum3);
  store(row + 4u, rows, k, sum4);
  store(row + 5u, rows, k, sum5);
  store(row + 6u, rows, k, sum6);
  store(row + 7u, rows, k, sum7);
}
