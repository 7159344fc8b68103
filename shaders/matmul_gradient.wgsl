// gradient[n, k] (+)= scale * sum over token rows m of dy[m, n] * x[m, k]
//
// dy        f32 [rows, out]
// x         f32 [rows, in]       with DROPOUT masked as in the forward pass
// gradient  f32 [out, in]        added to where run.accumulate or ALWAYS_ADD says so; or, with PARTIAL, one such matrix
//                                for every chunk of `chunk_rows` rows, to be added up by sum_partials
//
// With `first_row`, dy and x begin with that token row, which is then the first of a chunk. With WINDOWED a uniform has
// that row, and there is one chunk. The rows of dy may be longer: `dy_column4` is where those of the product begin.
// dispatch  (ceil(in4 / threads_x), ceil(out4 / threads_y), chunks); a thread has 4 by 4 elements

#include lib/run

override in4: u32;
override out: u32;
override dy_stride4: u32;
override dy_column4: u32 = 0;
override scale: f32 = 1;
override chunk_rows: u32;
override threads_x: u32 = 8;
override threads_y: u32 = 8;

#if WINDOWED
@group(0) @binding(4) var<uniform> window: vec4u;

fn first_token() -> u32 { return window.x; }
#else
override first_row: u32 = 0;

fn first_token() -> u32 { return first_row; }
#endif

@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;

#if DROPOUT
#include lib/dropout

fn x4(row: u32, k: u32) -> vec4f { return dropout(x[row * in4 + k], row, k, in4); }
#else
fn x4(row: u32, k: u32) -> vec4f { return x[row * in4 + k]; }
#endif

fn store(chunk: u32, row: u32, k: u32, sum: vec4f) {
  if (row >= out) { return; }
  let i = (chunk * out + row) * in4 + k;
#if PARTIAL
  gradient[i] = scale * sum;
#else
#if ALWAYS_ADD
  gradient[i] += scale * sum;
#else
  gradient[i] = select(vec4f(), gradient[i], run.accumulate != 0u) + scale * sum;
#endif
#endif
}

@compute @workgroup_size(threads_x, threads_y)
fn matmul_gradient(@builtin(global_invocation_id) id: vec3u) {
  let k = id.x;
  let n = id.y;
  if (k >= in4 || 4u * n >= out) { return; }
  let first = id.z * chunk_rows;
  let end = min(first + chunk_rows, max(run.rows, first_token()) - first_token());

  var sum0 = vec4f();
  var sum1 = vec4f();
  var sum2 = vec4f();
  var sum3 = vec4f();
  for (var m = first; m < end; m++) {
    let d = dy[m * dy_stride4 + dy_column4 + n];
    let v = x4(m, k);
    sum0 += d.x * v;
    sum1 += d.y * v;
    sum2 += d.z * v;
    sum3 += d.w * v;
  }
#if PARTIAL
  let chunk = first_token() / chunk_rows + id.z;
#else
  let chunk = 0u;
#endif
  store(chunk, 4u * n, k, sum0);
  store(chunk, 4u * n + 1u, k, sum1);
  store(chunk, 4u * n + 2u, k, sum2);
  store(chunk, 4u * n + 3u, k, sum3);
}
