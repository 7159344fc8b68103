// kept = dropout(x),  rest = x - kept      without GRADIENT
// dx = drest + dropout(dkept - drest)  (+ so_far)      with GRADIENT
//
// x, kept, rest, dkept, drest, dx, so_far  f32 [rows, columns]      so_far with SO_FAR
// dispatch one thread per vector of four, 64 a workgroup, workgroups spread over x and y

#include lib/dropout

override columns4: u32;

#if GRADIENT
@group(0) @binding(1) var<storage, read> dkept: array<vec4f>;
@group(0) @binding(2) var<storage, read> drest: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;
#if SO_FAR
@group(0) @binding(4) var<storage, read> so_far: array<vec4f>;
#endif
#else
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> kept: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> rest: array<vec4f>;
#endif

@compute @workgroup_size(64)
fn dropout_split(@builtin(workgroup_id) group: vec3u,
                 @builtin(num_workgroups) groups: vec3u,
                 @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
#if GRADIENT
  if (i >= arrayLength(&dx)) { return; }
  var value = drest[i] + dropout(dkept[i] - drest[i], i / columns4, i % columns4, columns4);
#if SO_FAR
  value += so_far[i];
#endif
  dx[i] = value;
#else
  if (i >= arrayLength(&kept)) { return; }
  let value = dropout(x[i], i / columns4, i % columns4, columns4);
  kept[i] = value;
  rest[i] = x[i] - value;
#endif
}
