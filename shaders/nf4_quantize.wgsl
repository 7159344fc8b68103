// absmax[b] = max |x|   over the 64 elements of block b
// code[i]   = how many of the 15 midpoints between NF4's values are < fl(x[i] * fl(1 / max(absmax, 1e-38)))
//
// The bytes are those of bitsandbytes (src/formats/nf4.ts has the rule). That needs the correctly rounded reciprocal,
// which WGSL's division is not: it is corrected in integers. A product is correctly rounded by itself. Holds for blocks
// whose absmax is below 2^126, subnormal ones included.
//
// weight   [blocks * 64]        f32, f16 or bf16, see lib/dense_weight
// codes    u32 [blocks * 8]     eight elements a word, the earlier of two in the high nibble of a byte
// absmax   f32 [blocks]         as bits, which keeps subnormal values
// dispatch eight threads a block of 64 elements, 64 a workgroup, workgroups spread over x and y

#include lib/dense_weight

override blocks: u32;
override first_block: u32 = 0;   // of `codes` and `absmax`: where the weight is one part of a larger one

@group(0) @binding(2) var<storage, read_write> codes: array<u32>;
@group(0) @binding(3) var<storage, read_write> absmax: array<u32>;

var<workgroup> largest_of_thread: array<u32, 64>;

const SMALLEST_ABSMAX = 7136238u;      // the bits of 1e-38
const SUBNORMAL_BELOW = 0x00800000u;
const TINY_BELOW = 0x0d800000u;        // the bits of 2^-100

// 1 / a, correctly rounded, for normal a. With a = m 2^e and 2^23 < m < 2^24 its mantissa is 2^47 / m rounded.
fn reciprocal(a: f32) -> f32 {
  let bits = bitcast<u32>(a);
  let m = (bits & 0x007fffffu) | 0x00800000u;
  let exponent = bits >> 23u;
  if (m == 0x00800000u) { return bitcast<f32>((254u - exponent) << 23u); }
  var quotient = u32(140737488355328.0 / f32(m));
  // 2^47 is 0 modulo 2^32, and the remainder is small: its low word is all of it.
  var remainder = -i32(quotient * m);
  let half = i32(m / 2u);
  while (remainder > half) { quotient++; remainder -= i32(m); }
  while (remainder < -half) { quotient--; remainder += i32(m); }
  return bitcast<f32>(((253u - exponent) << 23u) | (quotient & 0x007fffffu));
}

// Devices may take subnormal values for zero, so tiny blocks are multiplied by 2^126 first, which changes no quotient.
// A subnormal value is its bits * 2^-149.
fn raised(bits: vec4u) -> vec4f {
  return select(bitcast<vec4f>(bits) * 0x1p126, vec4f(bits) * 0x1p-23, bits < vec4u(SUBNORMAL_BELOW));
}

// The midpoints fl(fl(code[i] + code[i + 1]) / 2); a value on one takes the lower code.
fn nearest_code(x: vec4f) -> vec4u {
  const THRESHOLDS = array<f32, 15>(
    -0.8480963706970215, -0.6106328964233398, -0.4599952697753906, -0.33967941999435425,
    -0.23460739850997925, -0.13791173696517944, -0.045525018125772476, 0.03979014977812767,
    0.120255246758461, 0.2035212516784668, 0.2920137643814087, 0.3893125355243683,
    0.5016634464263916, 0.6427869200706482, 0.8614784479141235);
  var code = vec4u();
  for (var i = 0u; i < 15u; i++) { code += select(vec4u(), vec4u(1u), x > vec4f(THRESHOLDS[i])); }
  return code;
}

@compute @workgroup_size(64)
fn nf4_quantize(@builtin(workgroup_id) group: vec3u,
                @builtin(num_workgroups) groups: vec3u,
                @builtin(local_invocation_index) thread: u32) {
  let block = (group.x + group.y * groups.x) * 8u + thread / 8u;
  var bits: array<vec4u, 2>;
  if (block < blocks) {
    bits[0] = bitcast<vec4u>(weight4(block * 16u + thread % 8u * 2u));
    bits[1] = bitcast<vec4u>(weight4(block * 16u + thread % 8u * 2u + 1u));
  }
  let magnitude = max(bits[0] & vec4u(0x7fffffffu), bits[1] & vec4u(0x7fffffffu));
  largest_of_thread[thread] = max(max(magnitude.x, magnitude.y), max(magnitude.z, magnitude.w));
  workgroupBarrier();
  if (block >= blocks) { return; }
  var largest = 0u;
  for (var i = 0u; i < 8u; i++) { largest = max(largest, largest_of_thread[thread / 8u * 8u + i]); }

  let tiny = largest < TINY_BELOW;
  let divisor = vec4u(max(largest, SMALLEST_ABSMAX));
  let inverse = reciprocal(select(bitcast<vec4f>(divisor), raised(divisor), tiny).x);
  var word = 0u;
  for (var i = 0u; i < 2u; i++) {
    let positive = bits[i] & vec4u(0x7fffffffu);
    let scaled = select(bitcast<vec4f>(positive), raised(positive), tiny) * inverse;
    let code = nearest_code(select(scaled, -scaled, bits[i] > vec4u(0x7fffffffu)));
    word |= ((code.x << 4u) | code.y | (code.z << 12u) | (code.w << 8u)) << (16u * i);
  }
  codes[(first_block + block) * 8u + thread % 8u] = word;
  if (thread % 8u == 0u) { absmax[first_block + block] = largest; }
}
