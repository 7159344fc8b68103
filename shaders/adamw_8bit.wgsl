// One step of AdamW on moments in 8 bits (Dettmers et al. 2022, "8-bit Optimizers via Block-wise Quantization"), in the
// order in which bitsandbytes' AdamW8bit computes it: as adamw.wgsl, with
//
// m  = beta1 * code1[codes1] * absmax1 + (1 - beta1) * g        absmax: one of each block of 256 elements of a tensor
// v  = beta2 * code2[codes2] * absmax2 + (1 - beta2) * g^2
// p is updated with m and v before they are rounded
// absmax = largest |m| (v) of the block, codes = the nearest of code1 (code2) to m (v) / absmax, at a tie the lower
//
// Blocks go over a tensor's elements without padding; the last one of a tensor may have fewer.
//
// parameters, gradients  f32 [n]            windows of the flat buffers
// codes1, codes2         u32 [blocks, 64]   a window; four elements a word, the first in the lowest byte
// absmax1, absmax2       f32 [blocks]       of all tensors
// metrics                f32 [4]            as in adamw.wgsl
// table                  u32                code1 (256 f32), code2 (256 f32), then the records, `first` in blocks
// window                 u32 [4]            first block, blocks, first record, records
// dispatch one workgroup per block, spread over x and y

#include lib/run

override first_element: u32;
override threads: u32 = 64;

@group(0) @binding(1) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(2) var<storage, read> gradients: array<f32>;
@group(0) @binding(3) var<storage, read_write> codes1: array<u32>;
@group(0) @binding(4) var<storage, read_write> codes2: array<u32>;
@group(0) @binding(5) var<storage, read_write> absmax1: array<f32>;
@group(0) @binding(6) var<storage, read_write> absmax2: array<f32>;
@group(0) @binding(7) var<storage, read> metrics: array<f32>;
@group(0) @binding(8) var<storage, read> table: array<u32>;
@group(0) @binding(9) var<uniform> window: vec4u;

const CODE1 = 0u;
const CODE2 = 256u;
const TABLE_START = 512u;
const QUADS = 64u;                  // of four elements, in a block
const TINY = 1.2e-38;               // a normal number: the reciprocal of a smaller one may be infinite

#include lib/tensor_table
#include lib/dynamic_codes

var<workgroup> m: array<vec4f, QUADS>;
var<workgroup> v: array<vec4f, QUADS>;
var<workgroup> largest: array<vec2f, threads>;

@compute @workgroup_size(threads)
fn adamw_8bit(@builtin(workgroup_id) group: vec3u,
              @builtin(num_workgroups) groups: vec3u,
              @builtin(local_invocation_index) thread: u32) {
  let index = group.x + group.y * groups.x;
  if (index >= window[1] || metrics[2] != 0.0) { return; }     // the whole workgroup
  let block = window[0] + index;
  let tensor = record_at(block, window[2], window[3]);
  let rate = run.learning_rate * tensor.rate;
  let scale1 = absmax1[block];
  let scale2 = absmax2[block];

  var most = vec2f();
  for (var quad = thread; quad < QUADS; quad += threads) {
    let word1 = codes1[index * QUADS + quad];
    let word2 = codes2[index * QUADS + quad];
    var new_m = vec4f();
    var new_v = vec4f();
    for (var lane = 0u; lane < 4u; lane += 1u) {
      let element = (block - tensor.first) * 256u + quad * 4u + lane;
      if (element >= tensor.count) { continue; }
      let row = element / tensor.columns;
      let i = tensor.offset - first_element + row * tensor.stride + (element - row * tensor.columns);
      let g = metrics[3] * gradients[i];
      let m1 = run.beta1 * (value_of(CODE1, word1, lane) * scale1) + run.one_minus_beta1 * g;
      let v1 = run.beta2 * (value_of(CODE2, word2, lane) * scale2) + run.one_minus_beta2 * g * g;
      let decayed = parameters[i] * (1.0 - rate * run.weight_decay * tensor.decay);
      let root = sqrt(v1) / sqrt(run.bias_correction2) + run.epsilon;
      parameters[i] = decayed - rate / run.bias_correction1 * m1 / root;
      new_m[lane] = m1;
      new_v[lane] = v1;
      most = max(most, vec2f(abs(m1), v1));
    }
    m[quad] = new_m;
    v[quad] = new_v;
  }
  largest[thread] = most;
  workgroupBarrier();                                          // the old scales have been read
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    if (thread < half) { largest[thread] = max(largest[thread], largest[thread + half]); }
    workgroupBarrier();
  }
  most = largest[0];
  if (thread == 0u) {
    absmax1[block] = most[0];
    absmax2[block] = most[1];
  }
  let inverse = 1.0 / max(most, vec2f(TINY));
  for (var quad = thread; quad < QUADS; quad += threads) {
    codes1[index * QUADS + quad] = rounded(CODE1, m[quad] * inverse[0]);
    codes2[index * QUADS + quad] = rounded(CODE2, v[quad] * inverse[1]);
  }
}
