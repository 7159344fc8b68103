// y[m, n] = sum over k of x[m, k] * weight[n, k]  (+ bias[n])  (+ lora_scale * sum over j of z[m, j] * lora_B[n, j])
//           (+ residual[m, n])
//
// x         f32 [rows, in]        with DROPOUT each element is kept with probability 1 - p and then divided by it
// weight    [out, in], dense or packed, or a part of its rows
// y         f32 [rows, y_stride]  written from column y_column on
// bias      f32 [out]             with BIAS
// z         f32 [rows, rank]      with LORA; x times lora_A transposed
// lora_B    f32 [out, rank]
// residual  f32 [rows, out]       with RESIDUAL
//
// Sizes with a 4 at the end count vectors of four. Where `out` is no multiple of 4, the last vector's surplus columns
// repeat the last one.
// dispatch  (ceil(out4 / threads_x), ceil(rows / (8 * threads_y))); a thread has 8 rows by 4 columns; with ONE_ROW, for
//           decoding, one row: (ceil(out4 / threads_x), 1)

#include lib/run

override in4: u32;
override out: u32;
override y_stride4: u32;
override y_column4: u32 = 0;
override rank4: u32 = 0;
override lora_scale: f32 = 1;
override max_rows: u32 = 0xffffffffu;     // rows of a window; rows beyond run.rows are computed and never used
override threads_x: u32 = 8;
override threads_y: u32 = 8;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
#if WEIGHT_PACKED
#include lib/packed_weight
#else
#include lib/dense_weight
#endif
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
#if BIAS
@group(0) @binding(BIAS_BINDING) var<storage, read> bias: array<vec4f>;
#endif
#if LORA
@group(0) @binding(LORA_BINDING) var<storage, read> z: array<vec4f>;
@group(0) @binding(LORA_BINDING + 1) var<storage, read> lora_B: array<vec4f>;
#endif
#if RESIDUAL
@group(0) @binding(RESIDUAL_BINDING) var<storage, read> residual: array<vec4f>;
#endif

#if DROPOUT
#include lib/dropout

fn x4(row: u32, k: u32) -> vec4f { return dropout(x[row * in4 + k], row, k, in4); }
#else
fn x4(row: u32, k: u32) -> vec4f { return x[row * in4 + k]; }
#endif

fn store(row: u32, rows: u32, column: u32, sum: vec4f) {
  if (row >= rows) { return; }
  var value = sum;
#if RESIDUAL
  value += residual[row * y_stride4 + y_column4 + column];
#endif
  y[row * y_stride4 + y_column4 + column] = value;
}

@compute @workgroup_size(threads_x, threads_y)
fn matmul(@builtin(global_invocation_id) id: vec3u) {
  let rows = min(run.rows, max_rows);
  let column = id.x;
#if ONE_ROW
  let row = id.y;
#else
  let row = id.y * 8u;
#endif
  if (column * 4u >= out || row >= rows) { return; }
  let last = rows - 1u;                   // rows past the end repeat the last one and are not stored
  let row0 = row;
#if !ONE_ROW
  let row1 = min(row + 1u, last);
  let row2 = min(row + 2u, last);
  let row3 = min(row + 3u, last);
  let row4 = min(row + 4u, last);
  let row5 = min(row + 5u, last);
  let row6 = min(row + 6u, last);
  let row7 = min(row + 7u, last);
#endif
  let n = min(column * 4u + vec4u(0u, 1u, 2u, 3u), vec4u(out - 1u)) * in4;

#if BIAS
  var sum0 = bias[column];
#else
  var sum0 = vec4f();
#endif
#if !ONE_ROW
  var sum1 = sum0;
  var sum2 = sum0;
  var sum3 = sum0;
  var sum4 = sum0;
  var sum5 = sum0;
  var sum6 = sum0;
  var sum7 = sum0;
#endif
  for (var k = 0u; k < in4; k++) {
    let w = mat4x4f(weight4(n.x + k), weight4(n.y + k), weight4(n.z + k), weight4(n.w + k));
    sum0 += x4(row0, k) * w;
#if !ONE_ROW
    sum1 += x4(row1, k) * w;
    sum2 += x4(row2, k) * w;
    sum3 += x4(row3, k) * w;
    sum4 += x4(row4, k) * w;
    sum5 += x4(row5, k) * w;
    sum6 += x4(row6, k) * w;
    sum7 += x4(row7, k) * w;
#endif
  }
#if LORA
  let b = column * 4u * rank4;
  for (var j = 0u; j < rank4; j++) {
    let w = lora_scale * mat4x4f(lora_B[b + j], lora_B[b + rank4 + j], lora_B[b + 2u * rank4 + j], lora_B[b + 3u * rank4 + j]);
    sum0 += z[row0 * rank4 + j] * w;
#if !ONE_ROW
    sum1 += z[row1 * rank4 + j] * w;
    sum2 += z[row2 * rank4 + j] * w;
    sum3 += z[row3 * rank4 + j] * w;
    sum4 += z[row4 * rank4 + j] * w;
    sum5 += z[row5 * rank4 + j] * w;
    sum6 += z[row6 * rank4 + j] * w;
    sum7 += z[row7 * rank4 + j] * w;
#endif
  }
#endif
  store(row, rows, column, sum0);
#if !ONE_ROW
  store(row + 1u, rows, column, sum1);
  store(row + 2u, rows, column, sum2);
  store(row + 3u, rows, column, sum3);
  store(row + 4u, rows, column, sum4);
  store(row + 5u, rows, column, sum5);
  store(row + 6u, rows, column, sum6);
  store(row + 7u, rows, column, sum7);
#endif
}
