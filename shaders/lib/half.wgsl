// The half-precision number with these 16 bits, exact where it is finite. Scales are often subnormal halves, which a device
// may take for zero when it converts them by itself.
fn half_value(bits: u32) -> f32 {
  let magnitude = bits & 0x7fffu;
  let normal = bitcast<f32>((magnitude << 13u) + 0x38000000u);
  let value = select(f32(magnitude) * 0x1p-24f, normal, magnitude >= 0x0400u);
  return select(value, -value, (bits & 0x8000u) != 0u);
}
