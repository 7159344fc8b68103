// y += 1: the smallest dispatch. Each has to wait for the one before it.
//
// y        u32 [1]
// dispatch one workgroup

@group(0) @binding(0) var<storage, read_write> y: array<u32>;

@compute @workgroup_size(1)
fn touch() {
  y[0] += 1u;
}
