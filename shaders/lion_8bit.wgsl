// One step of Lion on a moment in 8 bits, in the order in which bitsandbytes' Lion8bit computes it: as lion.wgsl, with
//
// m      = code1[codes1] * absmax1 before the step
// absmax1 = largest |m| of the block after it, codes1 = the nearest of code1 to m / absmax1, at a tie the lower
//
// Blocks of 256 elements go over a tensor's elements without padding; the last one of a tensor may have fewer.
//
// parameters, gradients  f32 [n]            windows of the flat buffers
// codes1                 u32 [blocks, 64]   a window; four elements a word, the first in the lowest byte
// absmax1                f32 [blocks]       of all tensors
// metrics                f32 [4]            as in adamw.wgsl
// table                  u32                code1 (256 f32), then the records, `first` in blocks
// window                 u32 [4]            first block, blocks, first record, records
// dispatch one workgroup per block, spread over x and y

#include lib/run

override first_element: u32;
override threads: u32 = 64;

@group(0) @binding(1) var<storage, read_write> parameters: array<f32>;
@group(0) @binding(2) var<storage, read> gradients: array<f32>;
@group(0) @binding(3) var<storage, read_write> codes1: array<u32>;
@group(0) @binding(4) var<storage, read_write> absmax1: array<f32>;
@group(0) @binding(5) var<storage, read> metrics: array<f32>;
@group(0) @binding(6) var<storage, read> table: array<u32>;
@group(0) @binding(7) var<uniform> window: vec4u;

const CODE1 = 0u;
const TABLE_START = 256u;
const QUADS = 64u;                  // of four elements, in a block
const TINY = 1.2e-38;               // a normal number: the reciprocal of a smaller one may be infinite

#include lib/tensor_table
#include lib/dynamic_codes

var<workgroup> m: array<vec4f, QUADS>;
var<workgroup> largest: array<f32, threads>;

@compute @workgroup_size(threads)
fn lion_8bit(@builtin(workgroup_id) group: vec3u,
             @builtin(num_workgroups) groups: vec3u,
             @builtin(local_invocation_index) thread: u32) {
  let index = group.x + group.y * groups.x;
  if (index >= window[1] || metrics[2] != 0.0) { return; }     // the whole workgroup
  let block = window[0] + index;
  let tensor = record_at(block, window[2], window[3]);
  let rate = run.learning_rate * tensor.rate;
  let scale = absmax1[block];

  var most = 0.0;
  for (var quad = thread; quad < QUADS; quad += threads) {
    let word = codes1[index * QUADS + quad];
    var new_m = vec4f();
    for (var lane = 0u; lane < 4u; lane += 1u) {
      let element = (block - tensor.first) * 256u + quad * 4u + lane;
      if (element >= tensor.count) { continue; }
      let row = element / tensor.columns;
      let i = tensor.offset - first_element + row * tensor.stride + (element - row * tensor.columns);
      let g = metrics[3] * gradients[i];
      let old_m = value_of(CODE1, word, lane) * scale;
      let decayed = parameters[i] * (1.0 - rate * run.weight_decay * tensor.decay);
      parameters[i] = decayed - rate * sign(run.beta1 * old_m + run.one_minus_beta1 * g);
      new_m[lane] = run.beta2 * old_m + run.one_minus_beta2 * g;
      most = max(most, abs(new_m[lane]));
    }
    m[quad] = new_m;
  }
  largest[thread] = most;
  workgroupBarrier();                                          // the old scale has been read
  for (var half = threads / 2u; half > 0u; half /= 2u) {
    if (thread < half) { largest[thread] = max(largest[thread], largest[thread + half]); }
    workgroupBarrier();
  }
  most = largest[0];
  if (thread == 0u) { absmax1[block] = most; }
  let inverse = 1.0 / max(most, TINY);
  for (var quad = thread; quad < QUADS; quad += threads) {
    codes1[index * QUADS + quad] = rounded(CODE1, m[quad] * inverse);
  }
}
