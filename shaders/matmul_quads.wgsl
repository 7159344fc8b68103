// The product of matmul.wgsl, whose formula and tensors it has, by quads of threads, with a dense weight.
//
// The four threads of a quad have the same 4 * QUADS rows and four columns each. A thread reads one of every four
// rows and shares it with the others, so a vector of x serves four threads: with 16 rows there are eight reads for 256
// products, four of them of the weight. Sums stay in registers. This suits devices where reads are slow beside arithmetic
// and workgroup memory is no faster: above all software adapters, which compile a read to some three hundred instructions. Arrays
// of constant length save another hundred (lib/weight_rows).
//
// QUADS     rows of a thread, in fours
// dispatch  (ceil(out4 / threads), ceil(rows / (4 * QUADS))); which threads are a quad does not matter to the result

enable subgroups;

#include lib/run

override y_stride4: u32;
override y_column4: u32 = 0;
override rank4: u32 = 0;
override lora_scale: f32 = 1;
override max_rows: u32 = 0xffffffffu;     // rows of a window; rows beyond run.rows are computed and never used
override threads: u32 = 64;

@group(0) @binding(1) var<storage, read> x: array<array<vec4f, IN4>, X_ROWS>;
#include lib/weight_rows
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
#if BIAS
@group(0) @binding(BIAS_BINDING) var<storage, read> bias: array<vec4f>;
#endif
#if LORA
@group(0) @binding(LORA_BINDING) var<storage, read> z: array<array<vec4f, RANK4>, X_ROWS>;
@group(0) @binding(LORA_BINDING + 1) var<storage, read> lora_B: array<array<vec4f, RANK4>, WEIGHT_ROWS>;
#endif
#if RESIDUAL
@group(0) @binding(RESIDUAL_BINDING) var<storage, read> residual: array<vec4f>;
#endif

#if DROPOUT
#include lib/dropout

fn x4(row: u32, k: u32) -> vec4f { return dropout(x[row][k], row, k, IN4); }
#else
fn x4(row: u32, k: u32) -> vec4f { return x[row][k]; }
#endif

fn store(row: u32, rows: u32, column: u32, sum: vec4f) {
  if (row >= rows || column * 4u >= WEIGHT_ROWS) { return; }
  var value = sum;
#if RESIDUAL
  value += residual[row * y_stride4 + y_column4 + column];
#endif
  y[row * y_stride4 + y_column4 + column] = value;
}

@compute @workgroup_size(threads)
fn matmul_quads(@builtin(workgroup_id) group: vec3u,
                @builtin(local_invocation_index) thread: u32,
                @builtin(subgroup_invocation_id) lane: u32) {
  let rows = min(run.rows, max_rows);
  let first = group.y * 4u * QUADS;
  if (first >= rows) { return; }          // the whole workgroup
  let column = group.x * threads + thread;
  let n = min(column * 4u + vec4u(0u, 1u, 2u, 3u), vec4u(WEIGHT_ROWS - 1u));
  let one = lane % 4u;                    // sum q_s is of the row 4 q + (one ^ s), which the thread `one ^ s` has read

#if BIAS
  let start = bias[column];
#else
  let start = vec4f();
#endif
#for q in QUADS
  let row$q = min(first + 4u * $q + one, rows - 1u);    // rows past the end repeat the last one and are not stored
  var sum$q_0 = start;
  var sum$q_1 = start;
  var sum$q_2 = start;
  var sum$q_3 = start;
#end
  for (var k = 0u; k < IN4; k++) {
    let w = mat4x4f(weight4(n.x, k), weight4(n.y, k), weight4(n.z, k), weight4(n.w, k));
#for q in QUADS
    let x$q = x4(row$q, k);
    sum$q_0 += x$q * w;
    sum$q_1 += quadSwapX(x$q) * w;
    sum$q_2 += quadSwapY(x$q) * w;
    sum$q_3 += quadSwapDiagonal(x$q) * w;
#end
  }
#if LORA
  for (var j = 0u; j < rank4; j++) {
    let w = lora_scale * mat4x4f(lora_B[n.x][j], lora_B[n.y][j], lora_B[n.z][j], lora_B[n.w][j]);
#for q in QUADS
    let z$q = z[row$q][j];
    sum$q_0 += z$q * w;
    sum$q_1 += quadSwapX(z$q) * w;
    sum$q_2 += quadSwapY(z$q) * w;
    sum$q_3 += quadSwapDiagonal(z$q) * w;
#end
  }
#endif
#for q in QUADS
  store(first + 4u * $q + one, rows, column, sum$q_0);
  store(first + 4u * $q + (one ^ 1u), rows, column, sum$q_1);
  store(first + 4u * $q + (one ^ 2u), rows, column, sum$q_2);
  store(first + 4u * $q + (one ^ 3u), rows, column, sum$q_3);
#end
}
