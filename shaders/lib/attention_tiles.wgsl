// Attention in tiles that lie in workgroup memory. A workgroup has OWN rows of one side (queries, or keys in the gradient of
// keys and values) and goes over the other side OTHERS rows at a time. A thread has blocks of 4 of its own rows by 4 others:
//
//   dot_products   block[i, j] = dot(own[i], other[j])            in slices of SLICE4 vectors of the head's dimensions
//   add_weighted   sums[i] += sum over j of block[i, j] * other[j]   in slices of 4 * SLICE_X of the other rows
//
// Rows come to workgroup memory side by side, as far memory has them, each once a workgroup. From there a thread reads 8
// vectors for 64 products of the first kind and, with two vectors of COLUMNS, 12 for 128 of the second. Blocks and sums stay
// in registers. Slices make room: no more than 16 KiB are used, however many dimensions a head has.
//
// The including kernel is given the constants THREADS_X, THREADS_Y, COLUMNS (vectors of a thread's sums: head_dim4 /
// THREADS_X rounded up), SLICE4 and SLICE_X (a divisor of THREADS_X; SLICE_X * head_dim4 <= 64), and defines what it reads:
//
//   own4(factor, i), other4(factor, i)    vector i of an array; which, `factor` tells if there are several
#include lib/attention

const OWN = 4u * THREADS_Y;
const OTHERS = 4u * THREADS_X;
const THREADS = THREADS_X * THREADS_Y;

// One vector more than a row needs: rows that are read together then lie in different banks.
const STRIDE = SLICE4 + 1u;
const BLOCK_STRIDE = THREADS_X + 1u;
const BLOCKS = OWN * BLOCK_STRIDE;
const SLICE_ROOM = 256u;

// Slices of both sides, or all threads' blocks and a slice of the other rows.
var<workgroup> tile: array<vec4f, max((OWN + OTHERS) * STRIDE, BLOCKS + SLICE_ROOM)>;

// So many turns of a loop (there are rows), which a compiler is not to know: it would write all of them out, and some take
// very long for that.
fn turns(count: u32) -> u32 { return min(count, count * run.rows); }

// For each vector of a thread's columns its four rows.
alias Sums = array<mat4x4f, COLUMNS>;

// Rows of a head in an array [rows, heads, head_dim]: a tile's first, and the last there is, which stands for those after it.
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

// A column of the block for each of a thread's own rows.
fn dot_products(factor: u32, own: Rows, others: Rows, thread: u32) -> mat4x4f {
  let at = place_of(thread);
  let own_at = 4u * at.y * STRIDE;
  let other_at = (OWN + at.x) * STRIDE;
  var block = mat4x4f();
  for (var first = 0u; first < turns(head_dim4); first += SLICE4) {
    workgroupBarrier();                     // all have used what lies there
    for (var unit = thread; unit < OWN * SLICE4; unit += THREADS) {
      let d = min(first + unit % SLICE4, head_dim4 - 1u);
      tile[unit / SLICE4 * STRIDE + unit % SLICE4] = own4(factor, vector_of(own, unit / SLICE4, d));
    }
    for (var unit = thread; unit < OTHERS * SLICE4; unit += THREADS) {
      let d = min(first + unit % SLICE4, head_dim4 - 1u);
      tile[(OWN + unit / SLICE4) * STRIDE + unit % SLICE4] = other4(factor, vector_of(others, unit / SLICE4, d));
    }
    workgroupBarrier();
    for (var d = 0u; d < turns(min(SLICE4, head_dim4 - first)); d++) {
      let other = transpose(mat4x4f(tile[other_at + d], tile[other_at + THREADS_X * STRIDE + d],
                                    tile[other_at + 2u * THREADS_X * STRIDE + d], tile[other_at + 3u * THREADS_X * STRIDE + d]));
#for i in 4
      let own$i = tile[own_at + $iu * STRIDE + d];
      block[$i] += other[0] * own$i.x;
      block[$i] += other[1] * own$i.y;
      block[$i] += other[2] * own$i.z;
      block[$i] += other[3] * own$i.w;
#end
    }
  }
  return block;
}

// Hands the blocks on and adds to the sums. A barrier comes first: all have used what lies in `tile`.
fn add_weighted(sums: ptr<function, Sums>, block: mat4x4f, factor: u32, others: Rows, thread: u32) {
  let at = place_of(thread);
  let own_at = 4u * at.y * BLOCK_STRIDE;
#for i in 4
  tile[own_at + $iu * BLOCK_STRIDE + at.x] = block[$i];
#end
  for (var first = 0u; first < turns(THREADS_X); first += SLICE_X) {
    if (first > 0u) { workgroupBarrier(); }
    for (var unit = thread; unit < 4u * SLICE_X * head_dim4; unit += THREADS) {
      let i = unit / head_dim4;             // four rows follow one another that are in one vector of the blocks
      let row = first + i / 4u + i % 4u * THREADS_X;
      tile[BLOCKS + unit] = other4(factor, vector_of(others, row, unit % head_dim4));
    }
    workgroupBarrier();
    for (var x = 0u; x < turns(SLICE_X); x++) {
#for i in 4
      let weights$i = tile[own_at + $iu * BLOCK_STRIDE + first + x];
#end
#for c in COLUMNS
      let at$c = BLOCKS + 4u * x * head_dim4 + min(column_of(thread, $cu), head_dim4 - 1u);
      let other$c = mat4x4f(tile[at$c], tile[at$c + head_dim4], tile[at$c + 2u * head_dim4], tile[at$c + 3u * head_dim4]);
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
