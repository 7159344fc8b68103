// ring[counter modulo slots] = metrics, in vectors of four
//
// metrics  f32 [4 w]
// ring     f32 [slots, 4 w]
// dispatch one thread

#include lib/run

@group(0) @binding(1) var<storage, read> metrics: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> ring: array<vec4f>;

@compute @workgroup_size(1)
fn metrics_ring() {
  let vectors = arrayLength(&metrics);
  let slot = run.counter % (arrayLength(&ring) / vectors);
  for (var i = 0u; i < vectors; i += 1u) { ring[slot * vectors + i] = metrics[i]; }
}
