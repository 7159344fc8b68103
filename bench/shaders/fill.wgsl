// Pseudo-random words, as the bits of a buffer's contents: PCG's output function of the index (O'Neill 2014).
//
// y        u32 [size]
// kind     0: any bits   1: float32 within ±scale   2: a pair of float16 or bfloat16: sign, exponent and mantissa are drawn
//          within the masks `keep`, and `base` is put in
// dispatch one-dimensional; threads take elements in turn

override kind: u32;
override scale: f32 = 1.0;
override keep: u32 = 0u;
override base: u32 = 0u;

@group(0) @binding(0) var<storage, read_write> y: array<u32>;

fn hash(i: u32) -> u32 {
  let state = i * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
}

@compute @workgroup_size(64)
fn fill(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  for (var i = id.x; i < arrayLength(&y); i += groups.x * 64u) {
    let bits = hash(i);
    if (kind == 0u) {
      y[i] = bits;
    } else if (kind == 1u) {
      y[i] = bitcast<u32>(scale * (f32(bits >> 8u) * 0x1p-23 - 1.0));
    } else {
      y[i] = (bits & keep) | base;
    }
  }
}
