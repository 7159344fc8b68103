// partials[first_partial + w] = sum of gradients[i]^2 over the elements of chunk w of this window
//
// gradients  f32 [n]       a window of the flat buffer; n is a multiple of 4
// partials   f32           one a chunk, of all windows
// dispatch one workgroup per chunk of 4096 elements, spread over x and y

override first_partial: u32;
override threads: u32 = 256;

@group(0) @binding(1) var<storage, read> gradients: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partials: array<f32>;

const CHUNK = 1024u;        // vectors

var<workgroup> sums: array<f32, threads>;

@compute @workgroup_size(threads)
fn gradient_norm_partials(@builtin(workgroup_id) group: vec3u,
                          @builtin(num_workgroups) groups: vec3u,
                          @builtin(local_invocation_index) thread: u32) {
  let chunk = group.x + group.y * groups.x;
  let vectors = arrayLength(&gradients);
  if (chunk * CHUNK >= vectors) { return; }                // the whole workgroup
  let end = min(vectors, (chunk + 1u) * CHUNK);
  var sum = vec4f();
  for (var i = chunk * CHUNK + thread; i < end; i += threads) { sum += gradients[i] * gradients[i]; }
  sums[thread] = (sum.x + sum.y) + (sum.z + sum.w);
  workgroupBarrier();
  for (var half = threads / 2u; half > 0u; half /= 2u) {           // a fixed order, so that two runs agree to the bit
    if (thread < half) { sums[thread] += sums[thread + half]; }
    workgroupBarrier();
  }
  if (thread == 0u) { partials[first_partial + chunk] = sums[0]; }
}
