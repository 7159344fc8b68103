// y[m, n] = sum over k of x[m, k] * weight[n, k]  (+ bias[n])  (+ lora_scale * sum over j of z[m, j] * lora_B[n, j])
//           (+ residual[m, n])
//
// The product of shaders/matmul.wgsl for GPUs. A workgroup computes TILE_ROWS by TILE_COLUMNS of y. It copies slices of both
// factors to workgroup memory, each element once, and multiplies from there. So each element of x is read from global
// memory out / TILE_COLUMNS times, each of the weight rows / TILE_ROWS times. A packed weight is unpacked on the way, eight
// elements a word, and no float32 copy of it exists. The low-rank product takes further slices of the same
// loop. Every sum runs in one thread in the order of k, first the low-rank part.
//
// left      x and z; see lib/left_rows. With LEFT_DROPOUT x is masked (f32 only)
// weight    [out, in], dense or packed, or a part of its rows
// y         f32 [rows, y_stride]  written from column y_column on
// bias      f32 [out]             with BIAS
// lora_B    f32 [out, rank]       with LORA
// residual  f32 [rows, y_stride]  with RESIDUAL, from column y_column on
//
// Sizes with a 4 at the end count vectors of four. Where `out` is no multiple of 4, the last vector's surplus columns
// repeat the last one.
// dispatch  (ceil(out / TILE_COLUMNS), ceil(rows / TILE_ROWS))

#include lib/run
#include lib/tiled_forward
#include lib/tiles

override max_rows: u32 = 0xffffffffu;     // rows of a window; rows beyond run.rows are computed and never used

// Units of 4 columns by 8 steps.
const RIGHT_UNITS = (TILE_COLUMNS / 4u) * (SLICE4 / 2u);

fn fill_right(unit: u32, first_column: u32, first: u32, end: u32, in_low_rank: bool) {
  let step = unit % (SLICE4 / 2u) * 2u;
  let k = first + step;
  let columns = min(first_column + unit / (SLICE4 / 2u) * 4u + vec4u(0u, 1u, 2u, 3u), vec4u(out - 1u));
  let inside = min(k, end - 1u);          // elements from there on count as zero
  let a = right8(columns.x, inside, in_low_rank);
  let b = right8(columns.y, inside, in_low_rank);
  let c = right8(columns.z, inside, in_low_rank);
  let d = right8(columns.w, inside, in_low_rank);
  let first4 = Tile4x4(tile4(a.first), tile4(b.first), tile4(c.first), tile4(d.first));
  let last4 = Tile4x4(tile4(a.last), tile4(b.last), tile4(c.last), tile4(d.last));
  put_right(unit / (SLICE4 / 2u), step, first4, k < end);
  put_right(unit / (SLICE4 / 2u), step + 1u, last4, k + 1u < end);
}

fn put_right(column4: u32, step4: u32, columns: Tile4x4, inside: bool) {
  let at = step4 * 4u * RIGHT_STRIDE + column4;
  let steps = transpose(columns);
  right_tile[at] = select(Tile4(), steps[0], inside);
  right_tile[at + RIGHT_STRIDE] = select(Tile4(), steps[1], inside);
  right_tile[at + 2u * RIGHT_STRIDE] = select(Tile4(), steps[2], inside);
  right_tile[at + 3u * RIGHT_STRIDE] = select(Tile4(), steps[3], inside);
}

@compute @workgroup_size(THREADS)
fn matmul_tiles(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let rows = min(run.rows, max_rows);
  let first_row = group.y * TILE_ROWS;
  let first_column = group.x * TILE_COLUMNS;
  if (first_row >= rows) { return; }      // the whole workgroup
  let x = thread % THREADS_X;
  let y_ = thread / THREADS_X;
  let row = first_row + y_ * 4u * ROWS4;
  let column = first_column / 4u + x;
#if NF4_SHARED
  share_nf4_code(thread);
#endif

  var sums: Sums;
  let low_rank_slices = (rank4 + SLICE4 - 1u) / SLICE4;
  let slices = low_rank_slices + (in4 + SLICE4 - 1u) / SLICE4;
  for (var slice = 0u; slice < slices; slice++) {
    let in_low_rank = slice < low_rank_slices;
    let first = select(slice - low_rank_slices, slice, in_low_rank) * SLICE4;
    let end = select(in4, rank4, in_low_rank);
    for (var unit = thread; unit < LEFT_UNITS + RIGHT_UNITS; unit += THREADS) {
      if (unit < LEFT_UNITS) {
        fill_left(unit, first_row, rows - 1u, first, end, in_low_rank);
      } else {
        fill_right(unit - LEFT_UNITS, first_column, first, end, in_low_rank);
      }
    }
    workgroupBarrier();
    multiply(&sums, x, y_, min(SLICE, 4u * (end - first)));
    workgroupBarrier();
  }
#for c in COLUMNS4
  if (4u * (column + $cu * THREADS_X) < out) {
#for r in ROWS4
#for i in 4
    if (row + 4u * $ru + $iu < rows) { store(row + 4u * $ru + $iu, column + $cu * THREADS_X, sums.rows$r_$c[$i]); }
#end
#end
  }
#end
}
