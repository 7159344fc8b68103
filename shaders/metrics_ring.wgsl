// ring[counter modulo slots] = metrics
//
// metrics  f32 [4]
// ring     f32 [slots, 4]
// dispatch one thread

#include lib/run

@group(0) @binding(1) var<storage, read> metrics: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> ring: array<vec4f>;

@compute @workgroup_size(1)
fn metrics_ring() {
  ring[run.counter % arrayLength(&ring)] = metrics[0];
}
