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
// divides the regions), SUBGROUP (the most threads of one) and the device's M, N and K.
#include lib/tile_type
enable subgroups;
enable chromium_experimental_subgroup_matrix;
diagnostic(off, chromium.subgroup_matrix_uniformity);

const SLICE4 = SLICE / 4u;
const REGIONS_X = TILE_COLUMNS / REGION_COLUMNS;
const REGIONS = REGIONS_X * (TILE_ROWS / REGION_ROWS);
const THREADS = REGIONS * SUBGROUP;
const DOWN = REGION_ROWS / M;
const ACROSS = REGION_COLUMNS / N;
const SUM_VECTORS = M * N / 4u;

alias Left = subgroup_matrix_left<f16, K, M>;
alias Right = subgroup_matrix_right<f16, N, K>;
alias Sum = subgroup_matrix_result<f32, N, M>;
alias Sums = array<Sum, DOWN * ACROSS>;

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
    var left: array<Left, DOWN>;
    for (var d = 0u; d < DOWN; d++) {
      left[d] = subgroupMatrixLoad<Left, row_major>(&left_tile, (row + d * M) * LEFT_STRIDE4 + k / 4u, LEFT_STRIDE4);
    }
    for (var a = 0u; a < ACROSS; a++) {
#if TRANSPOSED
      let right = subgroupMatrixLoad<Right, row_major>(&right_tile, k * RIGHT_STRIDE4 + (column + a * N) / 4u, RIGHT_STRIDE4);
#else
      let right = subgroupMatrixLoad<Right, col_major>(&right_tile, (column + a * N) * RIGHT_STRIDE4 + k / 4u, RIGHT_STRIDE4);
#endif
      for (var d = 0u; d < DOWN; d++) {
        sums[a * DOWN + d] = subgroupMatrixMultiplyAccumulate(left[d], right, sums[a * DOWN + d]);
      }
    }
  }
}

// Which of its matrices a region shows in a turn.
fn index_of(turn: u32) -> u32 { return turn / (REGIONS / SHOWN); }

fn has_turn(turn: u32, region: u32) -> bool { return region < REGIONS && region / SHOWN == turn % (REGIONS / SHOWN); }

fn show(sums: ptr<function, Sums>, turn: u32, region: u32) {
  if (has_turn(turn, region)) {
    subgroupMatrixStore<row_major>(&shown, region % SHOWN * SUM_VECTORS, sums[index_of(turn)], N / 4u);
  }
  workgroupBarrier();
}

// Takes back what is shown, where it was changed there.
fn take_back(sums: ptr<function, Sums>, turn: u32, region: u32) {
  workgroupBarrier();
  if (has_turn(turn, region)) {
    sums[index_of(turn)] = subgroupMatrixLoad<Sum, row_major>(&shown, region % SHOWN * SUM_VECTORS, N / 4u);
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
