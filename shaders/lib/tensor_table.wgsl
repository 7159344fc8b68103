// The tensors of the flat buffer, as src/ops/tensor_table.ts writes them: 8 words each from TABLE_START on, ascending by
// `first`. The kernel declares `table`, array<u32>.

const RECORD_WORDS = 8u;

struct TensorRecord {
  first: u32,      // where the tensor's state begins, in the kernel's unit
  offset: u32,     // its first element in the flat buffer
  count: u32,      // elements that are updated
  columns: u32,    // elements of a row
  stride: u32,     // elements from one row to the next in the flat buffer
  rate: f32,       // its learning rate over run.learning_rate
  scale: f32,      // a factor that the kernel says the use of
  decay: f32,      // its weight decay over run.weight_decay
}

// The index of the last of the `count` records from `first_record` on that begins at `position` or before it.
fn record_index_at(position: u32, first_record: u32, count: u32) -> u32 {
  var low = first_record;
  var high = first_record + count;
  while (high - low > 1u) {
    let middle = (low + high) / 2u;
    if (table[TABLE_START + middle * RECORD_WORDS] <= position) { low = middle; } else { high = middle; }
  }
  return low;
}

fn record_of(index: u32) -> TensorRecord {
  let at = TABLE_START + index * RECORD_WORDS;
  return TensorRecord(table[at], table[at + 1u], table[at + 2u], table[at + 3u], table[at + 4u],
                      bitcast<f32>(table[at + 5u]), bitcast<f32>(table[at + 6u]),
                      bitcast<f32>(table[at + 7u]));
}

fn record_at(position: u32, first_record: u32, count: u32) -> TensorRecord {
  return record_of(record_index_at(position, first_record, count));
}
