// A tile of a product from two tiles of its factors in workgroup memory, SLICE steps of the contraction at a time. Both lie
// with the contraction as their slow dimension, so that a thread reads what it multiplies as whole vectors: for each step
// ROWS4 vectors of rows and COLUMNS4 of columns, which make 16 * ROWS4 * COLUMNS4 products in registers.
//
// The including kernel is given the constants TILE_ROWS, TILE_COLUMNS, SLICE (a multiple of 8), ROWS4 and COLUMNS4, and
// defines left4 and, with LORA, low_rank4 (lib/left_rows).
#include lib/tile_type

const SLICE4 = SLICE / 4u;
const THREADS_X = TILE_COLUMNS / (4u * COLUMNS4);
const THREADS = THREADS_X * (TILE_ROWS / (4u * ROWS4));

// One vector more than a row needs: what threads write together then lies in different banks.
const LEFT_STRIDE = TILE_ROWS / 4u + 1u;
const RIGHT_STRIDE = TILE_COLUMNS / 4u + 1u;

var<workgroup> left_tile: array<Tile4, SLICE * LEFT_STRIDE>;
var<workgroup> right_tile: array<Tile4, SLICE * RIGHT_STRIDE>;

// The units of 4 rows by 8 steps that the left tile is filled by.
const LEFT_UNITS = (TILE_ROWS / 4u) * (SLICE4 / 2u);

// Zero from `end` on.
fn left_or_zero(row: u32, k: u32, end: u32, in_low_rank: bool) -> Tile4 {
  let inside = min(k, end - 1u);
#if LORA
  if (in_low_rank) { return select(Tile4(), low_rank4(row, inside), k < end); }
#endif
  return select(Tile4(), left4(row, inside), k < end);
}

// Fills one unit of the left tile from vector `first` of the contraction on, of which there are `end`. Rows after `last`
// repeat it and are not stored.
fn fill_left(unit: u32, first_row: u32, last: u32, first: u32, end: u32, in_low_rank: bool) {
  let row = first_row + unit / (SLICE4 / 2u) * 4u;
  let step = unit % (SLICE4 / 2u) * 2u;
  let rows = min(row + vec4u(0u, 1u, 2u, 3u), vec4u(last));
  for (var half = 0u; half < 2u; half++) {
    let k = first + step + half;
    put_left(unit / (SLICE4 / 2u), step + half, transpose(Tile4x4(
      left_or_zero(rows.x, k, end, in_low_rank), left_or_zero(rows.y, k, end, in_low_rank),
      left_or_zero(rows.z, k, end, in_low_rank), left_or_zero(rows.w, k, end, in_low_rank))));
  }
}

fn put_left(row4: u32, step4: u32, steps: Tile4x4) {
  let at = step4 * 4u * LEFT_STRIDE + row4;
  left_tile[at] = steps[0];
  left_tile[at + LEFT_STRIDE] = steps[1];
  left_tile[at + 2u * LEFT_STRIDE] = steps[2];
  left_tile[at + 3u * LEFT_STRIDE] = steps[3];
}

// The results of a thread: for each of its vectors of rows and of columns a matrix with a row in each column. Named one
// by one, because some compilers put an array that a loop indexes into memory.
struct Sums {
#for r in ROWS4
#for c in COLUMNS4
  rows$r_$c: mat4x4f,
#end
#end
}

// Adds the products of so many steps to a thread's sums: rows (4 * ROWS4) * y and following, columns 4 * (x + c * THREADS_X).
// A slice may hold fewer steps than there is room for. That their number is not known to the compiler also keeps it from
// writing all of them out, which takes some very long.
fn multiply(sums: ptr<function, Sums>, x: u32, y: u32, steps: u32) {
  for (var k = 0u; k < steps; k++) {
#for c in COLUMNS4
    let columns$c = vec4f(right_tile[k * RIGHT_STRIDE + x + $cu * THREADS_X]);
#end
#for r in ROWS4
    let rows$r = vec4f(left_tile[k * LEFT_STRIDE + y * ROWS4 + $ru]);
#for c in COLUMNS4
    (*sums).rows$r_$c += mat4x4f(rows$r.x * columns$c, rows$r.y * columns$c, rows$r.z * columns$c, rows$r.w * columns$c);
#end
#end
  }
}
