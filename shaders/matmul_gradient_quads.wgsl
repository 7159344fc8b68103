// The product of matmul_gradient.wgsl, whose formula and tensors it has, by quads of threads; matmul_quads.wgsl explains why.
//
// A thread has 16 by 4 elements. Four columns of the wider factor are its own; the threads of a quad read four columns each of
// the narrower factor and share them. With OWN_DY the wider one is dy, else x.
//
// With `first_row`, dy and x begin with that token row, which is then the first of a chunk. With WINDOWED a uniform has that
// row, and there is one chunk. The rows of dy may be longer: `dy_column4` is where those of the product begin.
// dispatch  (ceil(wider4 / threads), ceil(narrower4 / 4), chunks)

enable subgroups;

#include lib/run

override scale: f32 = 1;
override chunk_rows: u32;
override dy_column4: u32 = 0;
override threads: u32 = 64;

const OUT4 = (OUT + 3u) / 4u;

#if WINDOWED
@group(0) @binding(4) var<uniform> window: vec4u;

fn first_token() -> u32 { return window.x; }
#else
override first_row: u32 = 0;

fn first_token() -> u32 { return first_row; }
#endif

@group(0) @binding(1) var<storage, read> dy: array<array<vec4f, DY_STRIDE4>, ROWS>;
@group(0) @binding(2) var<storage, read> x: array<array<vec4f, IN4>, ROWS>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;

#if DROPOUT
#include lib/dropout

fn x4(row: u32, k: u32) -> vec4f { return dropout(x[row][k], row, k, IN4); }
#else
fn x4(row: u32, k: u32) -> vec4f { return x[row][k]; }
#endif

// Four rows of the result, from row 4 n on, at the vector k.
fn store(chunk: u32, n: u32, k: u32, sums: mat4x4f) {
  if (n >= OUT4 || k >= IN4) { return; }
  for (var j = 0u; j < min(4u, OUT - 4u * n); j++) {
    let i = (chunk * OUT + 4u * n + j) * IN4 + k;
#if PARTIAL
    gradient[i] = scale * sums[j];
#else
#if ALWAYS_ADD
    gradient[i] += scale * sums[j];
#else
    gradient[i] = select(vec4f(), gradient[i], run.accumulate != 0u) + scale * sums[j];
#endif
#endif
  }
}

// The products of d's elements with v, one below the other.
fn outer(d: vec4f, v: vec4f) -> mat4x4f { return mat4x4f(d.x * v, d.y * v, d.z * v, d.w * v); }

@compute @workgroup_size(threads)
fn matmul_gradient_quads(@builtin(workgroup_id) group: vec3u,
                         @builtin(local_invocation_index) thread: u32,
                         @builtin(subgroup_invocation_id) lane: u32) {
  let first = group.z * chunk_rows;
  let end = min(first + chunk_rows, max(run.rows, first_token()) - first_token());
  let own = group.x * threads + thread;
  let shared4 = group.y * 4u;
  let one = lane % 4u;                    // sums s are of the vector shared4 + (one ^ s), which the thread `one ^ s` has read
#if OWN_DY
  let n = min(own, OUT4 - 1u);
  let k = min(shared4 + one, IN4 - 1u);
#else
  let n = min(shared4 + one, OUT4 - 1u);
  let k = min(own, IN4 - 1u);
#endif
  var sums0 = mat4x4f();
  var sums1 = mat4x4f();
  var sums2 = mat4x4f();
  var sums3 = mat4x4f();
  for (var m = first; m < end; m++) {
    let d = dy[m][dy_column4 + n];
    let v = x4(m, k);
    sums0 += outer(d, v);
#if OWN_DY
    sums1 += outer(d, quadSwapX(v));
    sums2 += outer(d, quadSwapY(v));
    sums3 += outer(d, quadSwapDiagonal(v));
#else
    sums1 += outer(quadSwapX(d), v);
    sums2 += outer(quadSwapY(d), v);
    sums3 += outer(quadSwapDiagonal(d), v);
#endif
  }
#if PARTIAL
  let chunk = first_token() / chunk_rows + group.z;
#else
  let chunk = 0u;
#endif
#if OWN_DY
  store(chunk, own, shared4 + one, sums0);
  store(chunk, own, shared4 + (one ^ 1u), sums1);
  store(chunk, own, shared4 + (one ^ 2u), sums2);
  store(chunk, own, shared4 + (one ^ 3u), sums3);
#else
  store(chunk, shared4 + one, own, sums0);
  store(chunk, shared4 + (one ^ 1u), own, sums1);
  store(chunk, shared4 + (one ^ 2u), own, sums2);
  store(chunk, shared4 + (one ^ 3u), own, sums3);
#endif
}
