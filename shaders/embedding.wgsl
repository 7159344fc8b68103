// y[r, c] = scale * table[min(tokens[r], vocabulary - 1), c]      for the tokens that lie in one part of the table
//
// tokens  u32 [rows]
// weight  f32, f16 or bf16 [part_rows, columns]      the table's rows from first_row on
// y       f32 [rows, columns]
// dispatch one thread per four columns of a row, 64 a workgroup, workgroups spread over x and y

#include lib/dense_weight

override columns: u32;      // vectors of four
override first_row: u32;
override part_rows: u32;
override vocabulary: u32;
override scale: f32 = 1;

@group(0) @binding(1) var<storage, read> tokens: array<u32>;
// binding 2 is the weight
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn embedding(@builtin(workgroup_id) group: vec3u,
             @builtin(num_workgroups) groups: vec3u,
             @builtin(local_invocation_index) thread: u32) {
  let i = (group.x + group.y * groups.x) * 64u + thread;
  if (i >= arrayLength(&y)) { return; }
  let token = min(tokens[i / columns], vocabulary - 1u);
  if (token < first_row || token >= first_row + part_rows) { return; }
  y[i] = scale * weight4((token - first_row) * columns + i % columns);
}
