// Compilers may assume that no value is NaN or infinite, and fold comparisons that look for them; the exponent's bits tell.
fn is_finite(bits: u32) -> bool { return (bits & 0x7f800000u) != 0x7f800000u; }
