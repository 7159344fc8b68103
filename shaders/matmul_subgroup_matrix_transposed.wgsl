// dx[m, k] = scale * sum over n of dy[m, n] * weight[n, k]  (+ sum over j of dz[m, j] * lora_A[j, k])  (+ so_far[m, k])
//
// The product of shaders/matmul_tiles_transposed.wgsl by subgroup matrices, as shaders/matmul_subgroup_matrix.wgsl does it. The
// scale is in dy already.
//
// left     dy and dz in half precision; see lib/left_rows
// weight, dx, lora_A, so_far   as in shaders/matmul_tiles_transposed.wgsl
// dispatch (ceil(in / TILE_COLUMNS), ceil(rows / TILE_ROWS))

#include lib/run
#include lib/tiled_transposed
#include lib/matrix_tiles

override max_rows: u32 = 0xffffffffu;     // rows of a window; rows beyond run.rows are computed and never used

// Units of one step by 8 columns.
const RIGHT_UNITS = SLICE * (TILE_COLUMNS / 8u);

// `end` in steps.
fn fill_right(unit: u32, first_column: u32, first: u32, end: u32, in_low_rank: bool) {
  let step = unit / (TILE_COLUMNS / 8u);
  let pair = unit % (TILE_COLUMNS / 8u) * 2u;
  let n = first + step;
  let eight = right8(min(n, end - 1u), min(first_column / 4u + pair, in4 - 1u), in_low_rank);
  let at = step * RIGHT_STRIDE4 + pair;
  right_tile[at] = select(Tile4(), tile4(eight.first), n < end);
  right_tile[at + 1u] = select(Tile4(), tile4(eight.last), n < end);
}

@compute @workgroup_size(THREADS)
fn matmul_subgroup_matrix_transposed(@builtin(workgroup_id) group: vec3u,
                                     @builtin(local_invocation_index) thread: u32,
                                     @builtin(subgroup_id) subgroup: u32) {
  let rows = min(run.rows, max_rows);
  let first_row = group.y * TILE_ROWS;
  let first_column = group.x * TILE_COLUMNS;
  if (first_row >= rows) { return; }      // the whole workgroup
#if NF4_SHARED
  share_nf4_code(thread);
#endif

  var sums: Sums;
  let low_rank_slices = (4u * rank4 + SLICE - 1u) / SLICE;
  let slices = low_rank_slices + (out + SLICE - 1u) / SLICE;
  for (var slice = 0u; slice < slices; slice++) {
    let in_low_rank = slice < low_rank_slices;
    let first = select(slice - low_rank_slices, slice, in_low_rank) * SLICE;
    let end = select(out, 4u * rank4, in_low_rank);
    for (var unit = thread; unit < LEFT_UNITS; unit += THREADS) {
      fill_left(unit, first_row, rows - 1u, first / 4u, (end + 3u) / 4u, in_low_rank);
    }
    for (var unit = thread; unit < RIGHT_UNITS; unit += THREADS) {
      fill_right(unit, first_column, first, end, in_low_rank);
    }
    workgroupBarrier();
    if (subgroup < REGIONS) { multiply(&sums, subgroup); }
    workgroupBarrier();
#if DROPOUT
    if (slice + 1u == low_rank_slices) {
      for (var turn = 0u; turn < TURNS; turn++) {
        show(&sums, turn, subgroup);
        for (var i = thread; i < SHOWN_VECTORS; i += THREADS) {
          let at = vec2u(first_row, first_column / 4u) + place(i, turn);
          shown[i] = dropout(shown[i], at.x, at.y, in4);
        }
        take_back(&sums, turn, subgroup);
      }
    }
#endif
  }
  for (var turn = 0u; turn < TURNS; turn++) {
    show(&sums, turn, subgroup);
    for (var i = thread; i < SHOWN_VECTORS; i += THREADS) {
      let at = vec2u(first_row, first_column / 4u) + place(i, turn);
      if (at.x < rows && at.y < in4) { store(at.x, at.y, shown[i]); }
    }
    workgroupBarrier();
  }
}
