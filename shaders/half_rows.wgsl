// left[m] = f16(2^s * [scale * x[m], low_rank_scale * z[m]]), 2^-s     for products in half precision
//
// Each row has its own s, which brings its largest magnitude into [2^14, 2^15). So no outlier overflows, and values down to
// 2^-28 of the largest keep all eleven bits. Gradients need this: unscaled, many would vanish in f16. A product's sums are multiplied by 2^-s, which is exact.
//
// x        f32 [rows, x_stride]   read from column x_column on; with DROPOUT masked first
// z        f32 [rows, rank]       with LORA
// left     [rows, in4 + rank4 + 1] of two words: four halves each; the last begins with 2^-s as f32, NaN if a row has
//          a number that is not finite
// dispatch one workgroup per row, spread over x and y

#include lib/run

override in4: u32;
override x_stride4: u32;
override x_column4: u32 = 0;
override rank4: u32 = 0;
override scale: f32 = 1;
override low_rank_scale: f32 = 1;
override max_rows: u32 = 0xffffffffu;     // of a window of the token rows
override threads: u32 = 64;

@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> left: array<vec2u>;
#if LORA
@group(0) @binding(LORA_BINDING) var<storage, read> z: array<vec4f>;
#endif
#if DROPOUT
#include lib/dropout
#endif

const NOT_FINITE = 0x7f800000u;           // this value and above, without the sign bit
const NAN = 0x7fc00000u;

var<workgroup> largest: array<u32, threads>;

fn value4(row: u32, k: u32) -> vec4f {
#if LORA
  if (k >= in4) { return low_rank_scale * z[row * rank4 + k - in4]; }
#endif
  let value = scale * x[row * x_stride4 + x_column4 + k];
#if DROPOUT
  return dropout(value, row, k, in4);
#else
  return value;
#endif
}

@compute @workgroup_size(threads)
fn half_rows(@builtin(workgroup_id) group: vec3u,
             @builtin(num_workgroups) groups: vec3u,
             @builtin(local_invocation_index) thread: u32) {
  let row = group.x + group.y * groups.x;
  if (row >= min(run.rows, max_rows)) { return; }         // the whole workgroup
  let size4 = in4 + rank4;

  var most = vec4u();
  for (var k = thread; k < size4; k += threads) { most = max(most, bitcast<vec4u>(value4(row, k)) & vec4u(0x7fffffffu)); }
  largest[thread] = max(max(most.x, most.y), max(most.z, most.w));
  workgroupBarrier();
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    if (thread < half) { largest[thread] = max(largest[thread], largest[thread + half]); }
    workgroupBarrier();
  }

  // By the bits of f32: an exponent e stands for 2^(e - 127). Rows of zeros, or nearly zeros, get the largest s.
  let exponent = clamp(largest[0] >> 23u, 15u, 254u);
  let factor = bitcast<f32>((127u + 141u - exponent) << 23u);
  let first = row * (size4 + 1u);
  for (var k = thread; k < size4; k += threads) {
    let value = factor * value4(row, k);
    left[first + k] = vec2u(pack2x16float(value.xy), pack2x16float(value.zw));
  }
  if (thread == 0u) {
    let inverse = (exponent + 127u - 141u) << 23u;
    left[first + size4] = vec2u(select(inverse, NAN, largest[0] >= NOT_FINITE), 0u);
  }
}
