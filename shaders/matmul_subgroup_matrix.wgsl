// y[m, n] = sum over k of x[m, k] * weight[n, k]  (+ bias[n])  (+ lora_scale * sum over j of z[m, j] * lora_B[n, j])
//           (+ residual[m, n])
//
// The product of shaders/matmul_tiles.wgsl with the multiplications done by subgroup matrices, for devices that have tensor
// cores or the like: several times the rate of f32. Factors are rounded to f16 (x and z row by row with a power of two of the
// row's own, by shaders/half_rows.wgsl; elements of the weight below 2^-14 to multiples of 2^-24, which is below what rounding
// a typical one costs), sums are f32. A packed weight is unpacked a tile at a time, eight elements a word.
//
// left      x and z in half precision; see lib/left_rows
// weight, y, bias, lora_B, residual   as in shaders/matmul_tiles.wgsl
// dispatch  (ceil(out / TILE_COLUMNS), ceil(rows / TILE_ROWS))

#include lib/run
#include lib/tiled_forward
#include lib/matrix_tiles

override max_rows: u32 = 0xffffffffu;     // rows of a window; rows beyond run.rows are computed and never used

// Units of one column by 8 steps.
const RIGHT_UNITS = TILE_COLUMNS * (SLICE4 / 2u);

fn fill_right(unit: u32, first_column: u32, first: u32, end: u32, in_low_rank: bool) {
  let column = unit / (SLICE4 / 2u);
  let step = unit % (SLICE4 / 2u) * 2u;
  let k = first + step;
  // Values beyond the end become zero.
  let eight = right8(min(first_column + column, out - 1u), min(k, end - 1u), in_low_rank);
  let at = column * RIGHT_STRIDE4 + step;
  right_tile[at] = select(Tile4(), tile4(eight.first), k < end);
  right_tile[at + 1u] = select(Tile4(), tile4(eight.last), k + 1u < end);
}

@compute @workgroup_size(THREADS)
fn matmul_subgroup_matrix(@builtin(workgroup_id) group: vec3u,
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
  let low_rank_slices = (rank4 + SLICE4 - 1u) / SLICE4;
  let slices = low_rank_slices + (in4 + SLICE4 - 1u) / SLICE4;
  for (var slice = 0u; slice < slices; slice++) {
    let in_low_rank = slice < low_rank_slices;
    let first = select(slice - low_rank_slices, slice, in_low_rank) * SLICE4;
    let end = select(in4, rank4, in_low_rank);
    for (var unit = thread; unit < LEFT_UNITS; unit += THREADS) {
      fill_left(unit, first_row, rows - 1u, first, end, in_low_rank);
    }
    for (var unit = thread; unit < RIGHT_UNITS; unit += THREADS) {
      fill_right(unit, first_column, first, end, in_low_rank);
    }
    workgroupBarrier();
    if (subgroup < REGIONS) { multiply(&sums, subgroup); }
    workgroupBarrier();
  }
  for (var turn = 0u; turn < TURNS; turn++) {
    show(&sums, turn, subgroup);
    for (var i = thread; i < SHOWN_VECTORS; i += THREADS) {
      let at = vec2u(first_row, first_column / 4u) + place(i, turn);
      if (at.x < rows && at.y * 4u < out) { store(at.x, at.y, shown[i]); }
    }
    workgroupBarrier();
  }
}
