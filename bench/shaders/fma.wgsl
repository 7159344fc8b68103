// acc = fma(acc, factor, term), repeated, in eight chains of vectors: enough to hide the latency of each. `vector` is
// vec4<f32> or vec4<f16>, as the prelude says.
//
// y        vec4f [threads]   the sums, so that no compiler leaves the work out
// dispatch one thread an element of y; each does iterations × 16 × 4 multiply-adds

override iterations: u32;

@group(0) @binding(0) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn fma_chains(@builtin(global_invocation_id) id: vec3u) {
  let factor = vector(0.999);
  let term = vector(0.001);
  var a = vector(vec4f(id.xxxx % 7u));
  var b = a + vector(1);
  var c = a + vector(2);
  var d = a + vector(3);
  var e = a + vector(4);
  var f = a + vector(5);
  var g = a + vector(6);
  var h = a + vector(7);
  for (var i = 0u; i < iterations; i++) {
    a = fma(a, factor, term);
    b = fma(b, factor, term);
    c = fma(c, factor, term);
    d = fma(d, factor, term);
    e = fma(e, factor, term);
    f = fma(f, factor, term);
    g = fma(g, factor, term);
    h = fma(h, factor, term);
    a = fma(a, factor, term);
    b = fma(b, factor, term);
    c = fma(c, factor, term);
    d = fma(d, factor, term);
    e = fma(e, factor, term);
    f = fma(f, factor, term);
    g = fma(g, factor, term);
    h = fma(h, factor, term);
  }
  y[id.x] = vec4f(((a + b) + (c + d)) + ((e + f) + (g + h)));
}
