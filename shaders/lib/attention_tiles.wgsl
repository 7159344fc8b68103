// Attention in tiles that lie in workgroup memory. A workgroup has OWN rows of one side (queries, or keys in the gradient of
// keys and values) and goes over the other side OTHERS rows at a time. A thread has blocks of 4 of its own rows by 4 others:
//
//   dot_products   block[i, j] = dot(own[i], other[j])            in slices of SLICE4 vectors of the head's dimensions
//   add_weighted   sums[i] += sum over j of block[i, j] * other[j]   in slices of 4 * SLICE_X of the other rows
//
// Rows are copied to workgroup memory side by side, as in global memory: the other side's rows once a workgroup for each of
// the two products, its own rows once for each tile of the others. With 64 rows by 32, a vector read from global memory
// serves 128 products on average. From workgroup memory a thread reads 8 vectors for 64 products of the first kind and, with two vectors of
// COLUMNS, 12 for 128 of the second, which devices can read while they multiply. Blocks and sums stay in registers.
// Slices save room: less than 16 KiB are used for any number of dimensions.
//
// The including kernel is given the constants THREADS_X, THREADS_Y, COLUMNS (vectors of a thread's sums: head_dim4 /
// THREADS_X rounded up), SLICE4 and SLICE_X (a divisor of THREADS_X; SLICE_X * head_dim4 <= 64), and defines its reads:
//
//   own4(factor, i), other4(factor, i)    vector i of the array `factor`
#include lib/attention

const OWN = 4u * THREADS_Y;
const OTHERS = 4u * THREADS_X;
const THREADS = THREADS_X * THREADS_Y;

// One vector more than a row needs, so that rows that are read together lie in different banks.
const STRIDE = SLICE4 + 1u;
const BLOCK_STRIDE = THREADS_X + 1u;
const BLOCKS = THREADS_Y * BLOCK_STRIDE;
const SLICE_ROOM = 64u;

// Slices of both sides, or all threads' blocks and a slice of the other rows. The four rows that a thread reads at a time lie
// in an array each, so that one index, which a browser checks once, reads all four.
const QUARTER = max((THREADS_Y + THREADS_X) * STRIDE, BLOCKS + SLICE_ROOM);
#for i in 4
var<workgroup> tile$i: array<vec4f, QUARTER>;
#end

// Hides a loop's number of turns from the compiler, which would otherwise unroll it; some compilers take
// very long for that.
fn turns(count: u32) -> u32 { return min(count, count * run.rows); }

// For each vector of a thread's columns its four rows.
alias Sums = array<mat4x4f, COLUMNS>;

// Rows of a head in an array [rows, heads, head_dim]: a tile's first row, and the last row, which is read in place of rows
// past the end.
struct Rows {
  first: u32,
  last: u32,
  heads: u32,
  head: u32,
}

fn vector_of(rows: Rows, row: u32, d: u32) -> u32 {
  return (min(rows.first + row, rows.last) * rows.heads + rows.head) * head_dim4 + d;
}

// A thread's x and y. Neighbours lie two by two: half a subgroup, which is what some devices read vectors for at a time, then
// reads 8 different vectors of one side and 2 of the other.
fn place_of(thread: u32) -> vec2u {
  let four = thread / 4u;
  return vec2u(four % (THREADS_X / 2u) * 2u + thread % 2u, four / (THREADS_X / 2u) * 2u + thread / 2u % 2u);
}

// The places in a tile of the other rows that a thread's blocks have.
fn others_of(thread: u32) -> vec4u { return place_of(thread).x + THREADS_X * STEPS; }

// The vectors of four columns that a thread's sums have; those from head_dim4 on are not stored.
fn column_of(thread: u32, c: u32) -> u32 { return place_of(thread).x + c * THREADS_X; }

// A column of the block: one value for each of a thread's own rows.
fn dot_products(factor: u32, own: Rows, others: Rows, thread: u32) -> mat4x4f {
  let at = place_of(thread);
  var block = mat4x4f();
  for (var first = 0u; first < turns(head_dim4); first += SLICE4) {
    workgroupBarrier();                     // every thread is done with the tile
    for (var unit = thread; unit < (THREADS_Y + THREADS_X) * SLICE4; unit += THREADS) {
      let y = unit / SLICE4;
      let x = y - THREADS_Y;
      let d = min(first + unit % SLICE4, head_dim4 - 1u);
      let to = y * STRIDE + unit % SLICE4;
      if (y < THREADS_Y) {
#for i in 4
        tile$i[to] = own4(factor, vector_of(own, 4u * y + $iu, d));
#end
      } else {
#for i in 4
        tile$i[to] = other4(factor, vector_of(others, x + $iu * THREADS_X, d));
#end
      }
    }
    workgroupBarrier();
    for (var d = 0u; d < turns(min(SLICE4, head_dim4 - first)); d++) {
      let from_other = (THREADS_Y + at.x) * STRIDE + d;
      let other = transpose(mat4x4f(tile0[from_other], tile1[from_other], tile2[from_other], tile3[from_other]));
#for i in 4
      let own$i = tile$i[at.y * STRIDE + d];
      block[$i] += other[0] * own$i.x;
      block[$i] += other[1] * own$i.y;
      block[$i] += other[2] * own$i.z;
      block[$i] += other[3] * own$i.w;
#end
    }
  }
  return block;
}

// Shares the blocks and adds to the sums. A barrier comes first, so that every thread is done with the tiles.
fn add_weighted(sums: ptr<function, Sums>, block: mat4x4f, factor: u32, others: Rows, thread: u32) {
  let at = place_of(thread);
#for i in 4
  tile$i[at.y * BLOCK_STRIDE + at.x] = block[$i];
#end
  for (var first = 0u; first < turns(THREADS_X); first += SLICE_X) {
    if (first > 0u) { workgroupBarrier(); }
    for (var unit = thread; unit < SLICE_X * head_dim4; unit += THREADS) {
#for i in 4
      let row$i = first + unit / head_dim4 + $iu * THREADS_X;
      tile$i[BLOCKS + unit] = other4(factor, vector_of(others, row$i, unit % head_dim4));
#end
    }
    workgroupBarrier();
    for (var x = 0u; x < turns(SLICE_X); x++) {
#for i in 4
      let weights$i = tile$i[at.y * BLOCK_STRIDE + first + x];
#end
#for c in COLUMNS
      let from$c = BLOCKS + x * head_dim4 + min(column_of(thread, $cu), head_dim4 - 1u);
      let other$c = mat4x4f(tile0[from$c], tile1[from$c], tile2[from$c], tile3[from$c]);
#for i in 4
      (*sums)[$c][$i] += other$c[0] * weights$i.x;
      (*sums)[$c][$i] += other$c[1] * weights$i.y;
      (*sums)[$c][$i] += other$c[2] * weights$i.z;
      (*sums)[$c][$i] += other$c[3] * weights$i.w;
#end
#end
    }
  }
}
