// dx[m, k] = scale * sum over n of dy[m, n] * weight[n, k]  (+ sum over j of dz[m, j] * lora_A[j, k])  (+ so_far[m, k])
//
// The product of shaders/matmul_transposed.wgsl for GPUs, by tiles in workgroup memory as in shaders/matmul_tiles.wgsl.
// Here the contraction is over the weight's rows, so its tile needs no transposing.
//
// left     dy and dz; see lib/left_rows. dz is already times the adapter's scale
// weight   [out, in], dense or packed, or a part of its rows
// dx       f32 [rows, in]          with ADD its old content is added to
// lora_A   f32 [rank, in]          with LORA; its part of dx is masked as x was, with DROPOUT
// so_far   f32 [rows, in]          with SO_FAR; the gradient from x's other uses
//
// Sizes with a 4 at the end count vectors of four. Where `out` is no multiple of 4, dy's surplus columns are zero.
// dispatch (ceil(in / TILE_COLUMNS), ceil(rows / TILE_ROWS))

#include lib/run
#include lib/tiled_transposed
#include lib/tiles

override max_rows: u32 = 0xffffffffu;     // rows of a window; rows beyond run.rows are computed and never used

// Units of one step by 8 columns.
const RIGHT_UNITS = SLICE * (TILE_COLUMNS / 8u);

// `end` in steps.
fn fill_right(unit: u32, first_column: u32, first: u32, end: u32, in_low_rank: bool) {
  let step = unit / (TILE_COLUMNS / 8u);
  let pair = unit % (TILE_COLUMNS / 8u) * 2u;
  let n = first + step;
  let column = min(first_column / 4u + pair, in4 - 1u);
  let eight = right8(min(n, end - 1u), column, in_low_rank);
  right_tile[step * RIGHT_STRIDE + pair] = select(Tile4(), tile4(eight.first), n < end);
  right_tile[step * RIGHT_STRIDE + pair + 1u] = select(Tile4(), tile4(eight.last), n < end);
}

@compute @workgroup_size(THREADS)
fn matmul_tiles_transposed(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) thread: u32) {
  let rows = min(run.rows, max_rows);
  let first_row = group.y * TILE_ROWS;
  let first_column = group.x * TILE_COLUMNS;
  if (first_row >= rows) { return; }      // the whole workgroup
  let x = thread % THREADS_X;
  let y = thread / THREADS_X;
  let row = first_row + y * 4u * ROWS4;
  let column = first_column / 4u + x;
#if NF4_SHARED
  share_nf4_code(thread);
#endif

  var sums: Sums;
  let low_rank_slices = (rank4 + SLICE4 - 1u) / SLICE4;
  let slices = low_rank_slices + (out + SLICE - 1u) / SLICE;
  for (var slice = 0u; slice < slices; slice++) {
    let in_low_rank = slice < low_rank_slices;
    let first = select(slice - low_rank_slices, slice, in_low_rank) * SLICE;
    let end = select(out, 4u * rank4, in_low_rank);
    for (var unit = thread; unit < LEFT_UNITS + RIGHT_UNITS; unit += THREADS) {
      if (unit < LEFT_UNITS) {
        fill_left(unit, first_row, rows - 1u, first / 4u, (end + 3u) / 4u, in_low_rank);
      } else {
        fill_right(unit - LEFT_UNITS, first_column, first, end, in_low_rank);
      }
    }
    workgroupBarrier();
    multiply(&sums, x, y, min(SLICE, end - first));
    workgroupBarrier();
#if DROPOUT
    if (slice + 1u == low_rank_slices) {
#for r in ROWS4
#for c in COLUMNS4
#for i in 4
      sums.rows$r_$c[$i] = dropout(sums.rows$r_$c[$i], row + 4u * $ru + $iu, column + $cu * THREADS_X, in4);
#end
#end
#end
    }
#endif
  }
#for c in COLUMNS4
  if (column + $cu * THREADS_X < in4) {
#for r in ROWS4
#for i in 4
    if (row + 4u * $ru + $iu < rows) { store(row + 4u * $ru + $iu, column + $cu * THREADS_X, sums.rows$r_$c[$i]); }
#end
#end
  }
#end
}
