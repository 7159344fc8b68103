// A tile of a product by subgroup matrices (tensor cores): f16 factors in workgroup memory, f32 sums.
//
// The tile is divided into regions of REGION_ROWS by REGION_COLUMNS, one a subgroup, made of matrices of M by N. SLICE steps of
// the contraction lie in workgroup memory at a time. What a subgroup loads from there for K steps, DOWN matrices of the left
// factor and ACROSS of the right, it multiplies DOWN * ACROSS times. A workgroup is as large as the device's widest subgroups
// make it; where they turn out narrower, those without a region only help to fill the tiles.
//
// At the end the subgroups lay their sums into workgroup memory for threads to take them from there: SHOWN regions at a time,
// of each one matrix.
//
// The including kernel is given the constants TILE_ROWS, TILE_COLUMNS, SLICE, REGION_ROWS, REGION_COLUMNS, SHOWN (which
// divides the regions), DOWN and ACROSS, SUBGROUP (the most threads of one) and the device's M, N and K.
#include lib/tile_type
enable subgroups;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

const SLICE4 = SLICE / 4u;
const REGIONS_X = TILE_COLUMNS / REGION_COLUMNS;
const REGIONS = REGIONS_X * (TILE_ROWS / REGION_ROWS);
const THREADS = REGIONS * SUBGROUP;
const SUM_VECTORS = M * N / 4u;

alias Left = subgroup_matrix_left<f16, K, M>;
alias Right = subgroup_matrix_right<f16, N, K>;
alias Sum = subgroup_matrix_result<f32, N, M>;

// Named one by one: an array that a loop goes through may end up in memory.
struct Sums {
#for a in ACROSS
#for d in DOWN
  sum$d_$a: Sum,
#end
#end
}

// Both tiles lie in rows as far memory has them. Two vectors more a row than it needs put what is read together into
// different banks.
const LEFT_STRIDE4 = SLICE4 + 2u;
#if TRANSPOSED
const RIGHT_STRIDE4 = TILE_COLUMNS / 4u + 2u;
const RIGHT_ROWS = SLICE;
#else
const RIGHT_STRIDE4 = SLICE4 + 2u;
const RIGHT_ROWS = TILE_COLUMNS;
#endif
var<workgroup> left_tile: array<Tile4, TILE_ROWS * LEFT_STRIDE4>;
var<workgroup> right_tile: array<Tile4, RIGHT_ROWS * RIGHT_STRIDE4>;

const SHOWN_VECTORS = SHOWN * SUM_VECTORS;
const TURNS = REGIONS / SHOWN * DOWN * ACROSS;

var<workgroup> shown: array<vec4f, SHOWN_VECTORS>;

const LEFT_UNITS = TILE_ROWS * SLICE4;

// Fills one vector of the left tile, from vector `first` of the contraction on, of which there are `end`. Rows after `last`
// repeat it and are not stored.
fn fill_left(unit: u32, first_row: u32, last: u32, first: u32, end: u32, in_low_rank: bool) {
  let row = min(first_row + unit / SLICE4, last);
  let k = first + unit % SLICE4;
  let inside = min(k, end - 1u);
  var value = left4(row, inside);
#if LORA
  if (in_low_rank) { value = low_rank4(row, inside); }
#endif
  left_tile[unit / SLICE4 * LEFT_STRIDE4 + unit % SLICE4] = select(Tile4(), value, k < end);
}

// Adds the products of one slice to a subgroup's sums.
fn multiply(sums: ptr<function, Sums>, region: u32) {
  let row = region / REGIONS_X * REGION_ROWS;
  let column = region % REGIONS_X * REGION_COLUMNS;
  for (var k = 0u; k < SLICE; k += K) {
#for d in DOWN
    let left$d = subgroupMatrixLoad<Left, row_major>(&left_tile, (row + $du * M) * LEFT_STRIDE4 + k / 4u, LEFT_STRIDE4);
#end
#for a in ACROSS
#if TRANSPOSED
    let right$a = subgroupMatrixLoad<Right, row_major>(&right_tile, k * RIGHT_STRIDE4 + (column + $au * N) / 4u, RIGHT_STRIDE4);
#else
    let right$a = subgroupMatrixLoad<Right, col_major>(&right_tile, (column + $au * N) * RIGHT_STRIDE4 + k / 4u, RIGHT_STRIDE4);
#endif
#for d in DOWN
    (*sums).sum$d_$a = subgroupMatrixMultiplyAccumulate(left$d, right$a, (*sums).sum$d_$a);
#end
#end
  }
}

// The index of the matrix that a region shows in a turn.
fn index_of(turn: u32) -> u32 { return turn / (REGIONS / SHOWN); }

fn has_turn(turn: u32, region: u32) -> bool { return region < REGIONS && region / SHOWN == turn % (REGIONS / SHOWN); }

fn show(sums: ptr<function, Sums>, turn: u32, region: u32) {
  if (has_turn(turn, region)) {
#for a in ACROSS
#for d in DOWN
    if (index_of(turn) == $au * DOWN + $du) {
      subgroupMatrixStore<row_major>(&shown, region % SHOWN * SUM_VECTORS, (*sums).sum$d_$a, N / 4u);
    }
#end
#end
  }
  workgroupBarrier();
}

// Takes back what is shown, where it was changed there.
fn take_back(sums: ptr<function, Sums>, turn: u32, region: u32) {
  workgroupBarrier();
  if (has_turn(turn, region)) {
#for a in ACROSS
#for d in DOWN
    if (index_of(turn) == $au * DOWN + $du) {
      (*sums).sum$d_$a = subgroupMatrixLoad<Sum, row_major>(&shown, region % SHOWN * SUM_VECTORS, N / 4u);
    }
#end
#end
  }
  workgroupBarrier();
}

// The place in the tile, row and vector of columns, of vector i of those shown.
fn place(i: u32, turn: u32) -> vec2u {
  let index = index_of(turn);
  let region = turn % (REGIONS / SHOWN) * SHOWN + i / SUM_VECTORS;
  let within = i % SUM_VECTORS;
  return vec2u(region / REGIONS_X * REGION_ROWS + index % DOWN * M + within / (N / 4u),
               (region % REGIONS_X * REGION_COLUMNS + index / DOWN * N) / 4u + within % (N / 4u));
}
