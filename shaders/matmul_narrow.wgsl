// y[m, n] = scale * sum over k of x[m, k] * weight[n, k]        with TRANSPOSED weight[k, n]
//
// The products of matmul.wgsl and matmul_transposed.wgsl for GPUs where the result has few columns: x times a LoRA pair's A,
// and dy times its B. Tiles of such a result are too few to fill a GPU, and each of them waits for memory at every step of a
// long contraction. Here the LANES threads of 8 rows by 4 columns share the contraction: each has reads of its own under
// way, neighbours read neighbouring vectors of x, and their sums are added up once, in a fixed order.
//
// x         f32 [rows, contraction]   with DROPOUT masked
// weight    f32, f16 or bf16
// y         f32 [rows, columns]
//
// LANES     threads of a sum; at least 8
// GROUPS    vectors of columns of a workgroup
// dispatch  (ceil(columns4 / GROUPS), ceil(rows / 8))

#include lib/run
#include lib/dense_weight

override columns4: u32;
override contraction: u32;
override scale: f32 = 1;
override max_rows: u32 = 0xffffffffu;     // rows of a window; rows beyond run.rows are computed and never used

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

#if DROPOUT
#include lib/dropout

fn x4(row: u32, k: u32, steps: u32) -> vec4f { return dropout(x[row * steps + k], row, k, steps); }
#else
fn x4(row: u32, k: u32, steps: u32) -> vec4f { return x[row * steps + k]; }
#endif

const ROWS = 8u;
const THREADS = LANES * GROUPS;

// Every lane's sum, for each vector of the result.
var<workgroup> partial: array<vec4f, ROWS * THREADS>;

@compute @workgroup_size(THREADS)
fn matmul_narrow(@builtin(workgroup_id) workgroup: vec3u, @builtin(local_invocation_index) thread: u32) {
  let rows = min(run.rows, max_rows);
  let first = workgroup.y * ROWS;
  if (first >= rows) { return; }          // the whole workgroup
  let lane = thread % LANES;
  let group = thread / LANES;
  let first_column = workgroup.x * GROUPS;
  let column = min(first_column + group, columns4 - 1u);
  let steps = (contraction + 3u) / 4u;

#for r in 8
  var sum$r = vec4f();
#end
  for (var k = lane; k < steps; k += LANES) {
#if TRANSPOSED
    let n = min(4u * k + vec4u(0u, 1u, 2u, 3u), vec4u(contraction - 1u)) * columns4 + column;
    let w = mat4x4f(weight4(n.x), weight4(n.y), weight4(n.z), weight4(n.w));
#else
    let n = 4u * column * steps + k;
    let w = transpose(mat4x4f(weight4(n), weight4(n + steps), weight4(n + 2u * steps), weight4(n + 3u * steps)));
#endif
    // Rows past the end repeat the last one and are not stored.
#for r in 8
    sum$r += w * x4(min(first + $ru, rows - 1u), k, steps);
#end
  }
#for r in 8
  partial[($ru * GROUPS + group) * LANES + lane] = sum$r;
#end
  workgroupBarrier();

  let row = first + thread / GROUPS;
  let own = first_column + thread % GROUPS;
  if (thread >= ROWS * GROUPS || row >= rows || own >= columns4) { return; }
  var sum = vec4f();
  // Each begins with another lane, so that neighbours read different banks.
  for (var l = 0u; l < LANES; l++) { sum += partial[thread * LANES + (thread + l) % LANES]; }
  y[row * columns4 + own] = scale * sum;
}
