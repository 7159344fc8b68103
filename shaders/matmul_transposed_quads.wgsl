// The product of matmul_transposed.wgsl, whose formula and tensors it has, by quads of threads, with a dense weight:
// matmul_quads.wgsl tells how and why.
//
// QUADS     rows of a thread, in fours
// dispatch  (ceil(in4 / threads), ceil(rows / (4 * QUADS))); which threads are a quad does not matter to the result

enable subgroups;

#include lib/run

override dy_column4: u32 = 0;
override rank4: u32 = 0;
override scale: f32 = 1;
override max_rows: u32 = 0xffffffffu;     // rows of a window; rows beyond run.rows are computed and never used
override threads: u32 = 64;

@group(0) @binding(1) var<storage, read> dy: array<array<vec4f, DY_STRIDE4>, DY_ROWS>;
#include lib/weight_rows
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;
#if LORA
@group(0) @binding(LORA_BINDING) var<storage, read> dz: array<array<vec4f, RANK4>, DX_ROWS>;
@group(0) @binding(LORA_BINDING + 1) var<storage, read> lora_A: array<array<vec4f, IN4>, 4u * RANK4>;
#endif
#if SO_FAR
@group(0) @binding(SO_FAR_BINDING) var<storage, read> so_far: array<vec4f>;
#endif
#if DROPOUT
#include lib/dropout
#endif

fn store(row: u32, rows: u32, k: u32, sum: vec4f) {
  if (row >= rows || k >= IN4) { return; }
  let i = row * IN4 + k;
  var value = sum;
#if SO_FAR
  value += so_far[i];
#endif
#if ADD
  value += dx[i];
#endif
  dx[i] = value;
}

@compute @workgroup_size(threads)
fn matmul_transposed_quads(@builtin(workgroup_id) group: vec3u,
                           @builtin(local_invocation_index) thread: u32,
                           @builtin(subgroup_invocation_id) lane: u32) {
  let rows = min(run.rows, max_rows);
  let first = group.y * 4u * QUADS;
  if (first >= rows) { return; }          // the whole workgroup
  let column = group.x * threads + thread;
  let k = min(column, IN4 - 1u);
  let one = lane % 4u;                    // sum q_s is of the row 4 q + (one ^ s), which the thread `one ^ s` has read

#for q in QUADS
  let row$q = min(first + 4u * $q + one, rows - 1u);    // rows past the end repeat the last one and are not stored
  var sum$q_0 = vec4f();
  var sum$q_1 = vec4f();
  var sum$q_2 = vec4f();
  var sum$q_3 = vec4f();
#end
#if LORA
  for (var j = 0u; j < rank4; j++) {
    let w = mat4x4f(lora_A[4u * j][k], lora_A[4u * j + 1u][k], lora_A[4u * j + 2u][k], lora_A[4u * j + 3u][k]);
#for q in QUADS
    let z$q = dz[row$q][j];
    sum$q_0 += w * z$q;
    sum$q_1 += w * quadSwapX(z$q);
    sum$q_2 += w * quadSwapY(z$q);
    sum$q_3 += w * quadSwapDiagonal(z$q);
#end
  }
#if DROPOUT
#for q in QUADS
  sum$q_0 = dropout(sum$q_0, first + 4u * $q + one, k, IN4);
  sum$q_1 = dropout(sum$q_1, first + 4u * $q + (one ^ 1u), k, IN4);
  sum$q_2 = dropout(sum$q_2, first + 4u * $q + (one ^ 2u), k, IN4);
  sum$q_3 = dropout(sum$q_3, first + 4u * $q + (one ^ 3u), k, IN4);
#end
#endif
#endif
  for (var n = 0u; n < (WEIGHT_ROWS + 3u) / 4u; n++) {
    let r = min(n * 4u + vec4u(0u, 1u, 2u, 3u), vec4u(WEIGHT_ROWS - 1u));
    let w = scale * mat4x4f(weight4(r.x, k), weight4(r.y, k), weight4(r.z, k), weight4(r.w, k));
#for q in QUADS
#if RAGGED
    // The last row of the weight is read in the place of those that it does not have.
    let y$q = select(vec4f(), dy[row$q][dy_column4 + n], n * 4u + vec4u(0u, 1u, 2u, 3u) < vec4u(WEIGHT_ROWS));
#else
    let y$q = dy[row$q][dy_column4 + n];
#endif
    sum$q_0 += w * y$q;
    sum$q_1 += w * quadSwapX(y$q);
    sum$q_2 += w * quadSwapY(y$q);
    sum$q_3 += w * quadSwapDiagonal(y$q);
#end
  }
#for q in QUADS
  store(first + 4u * $q + one, rows, column, sum$q_0);
  store(first + 4u * $q + (one ^ 1u), rows, column, sum$q_1);
  store(first + 4u * $q + (one ^ 2u), rows, column, sum$q_2);
  store(first + 4u * $q + (one ^ 3u), rows, column, sum$q_3);
#end
}
