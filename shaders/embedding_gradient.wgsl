// gradient[v, c] += scale * sum over the rows r with tokens[r] = first_row + v of dy[r, c]
//
// Tokens beyond the vocabulary count as its last row. embedding_gradient_clear has set the gradient to zero where it is not
// added to.
//
// tokens    u32 [rows]
// dy        f32 [rows, columns]
// gradient  f32 [part_rows, columns]      the rows of the table from first_row on
// dispatch  one workgroup per row, spread over x and y
//
// The workgroup of a token's first row adds up all of its rows in order, and the others end: the sum's order is fixed, no two
// workgroups write one element, and rows of the table without tokens cost nothing.

#include lib/run

override columns: u32;      // vectors of four
override first_row: u32;
override part_rows: u32;
override vocabulary: u32;
override scale: f32 = 1;

@group(0) @binding(1) var<storage, read> tokens: array<u32>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;

var<workgroup> earlier: array<u32, 64>;

fn token_of(row: u32) -> u32 { return min(tokens[row], vocabulary - 1u); }

@compute @workgroup_size(64)
fn embedding_gradient(@builtin(workgroup_id) group: vec3u,
                      @builtin(num_workgroups) groups: vec3u,
                      @builtin(local_invocation_index) thread: u32) {
  let row = group.x + group.y * groups.x;
  if (row >= run.rows) { return; }                       // the whole workgroup
  let token = token_of(row);
  if (token < first_row || token - first_row >= part_rows) { return; }

  var found = 0u;
  for (var before = thread; before < row; before += 64u) {
    if (token_of(before) == token) { found = 1u; break; }
  }
  earlier[thread] = found;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half /= 2u) {
    if (thread < half) { earlier[thread] |= earlier[thread + half]; }
    workgroupBarrier();
  }
  if (earlier[0] == 1u) { return; }

  for (var column = thread; column < columns; column += 64u) {
    var sum = vec4f();
    for (var same = row; same < run.rows; same++) {
      if (token_of(same) == token) { sum += dy[same * columns + column]; }
    }
    gradient[(token - first_row) * columns + column] += scale * sum;
  }
}
