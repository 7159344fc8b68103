// gradient[v, c] (+)= scale * sum over the rows r with tokens[r] = v of dy[r, c]      tokens beyond the table count as its last row
//
// tokens    u32 [rows]
// dy        f32 [rows, columns]
// gradient  f32 [vocabulary, columns]
// dispatch one thread per four columns of a table row, 64 a workgroup, workgroups spread over x and y
//
// Each thread goes through all rows in order: the sum's order is fixed, and no two threads write one element.

#include lib/run

override columns: u32;      // vectors of four
override vocabulary: u32;
override scale: f32 = 1;
override further: u32;      // 1: an earlier kernel has written to the gradient

@group(0) @binding(1) var<storage, read> tokens: array<u32>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> gradient: array<vec4f>;

@compute @workgroup_size(64)
fn embedding_gradient(@builtin(workgroup_id) group: vec3u,
                      @builtin(num_workgroups) groups: vec3u,
                      @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= arrayLength(&gradient)) { return; }
  let token = i / columns;
  let column = i % columns;
  var sum = vec4f();
  for (var row = 0u; row < run.rows; row++) {
    if (min(tokens[row], vocabulary - 1u) == token) { sum += dy[row * columns + column]; }
  }
  sum *= scale;
  if (further == 1u || run.accumulate == 1u) { sum += gradient[i]; }
  gradient[i] = sum;
}
