import { elementCount } from '../../core/shape';
import type { Checkpoint } from '../../models/files';
import { checkpointTensors, embeddingName, headName, type ModelSpec } from '../../models/spec';
import type { StoredWeight } from '../../models/stored/stored_weight';
import type { WrittenTensor } from '../check/written_tensor';

/**
 * A checkpoint of the values that the codes of a written ONNX model stand for, in float32. It is read from the files row by
 * row. A head that is tied in the base is a matrix of its own here, because its codes may differ from the table's.
 *
 * @param of the open base's files
 * @param written all weights, the embedding before the head
 */
export function readCheckpoint(
  of: Omit<Checkpoint, 'spec' | 'stored'>,
  base: ModelSpec,
  written: readonly WrittenTensor[],
): Checkpoint {
  const table = embeddingName(base);
  const [ofTable, ofHead = ofTable] = written.filter(({ from }) => from.name === table);
  const spec: ModelSpec = { ...base, tiedHead: false };
  const stored = new Map(written.map((tensor) => [tensor.from.name, asStored(tensor)]));
  if (ofTable) stored.set(table, asStored(ofTable));
  if (base.tiedHead && ofHead) stored.set(headName(), asStored(ofHead));
  const missing = checkpointTensors(spec).find(({ name }) => !stored.has(name));
  if (missing) throw new Error(`${missing.name} was not read back`);
  return { ...of, spec, stored };
}

/** A weight whose bytes are made from the written codes whenever they are read. */
function asStored({ from, add, rows }: WrittenTensor): StoredWeight {
  const { name, shape, kind } = from;
  const isVector = kind === 'vector';
  const rowBytes = isVector ? 4 : 4 * (shape[1] ?? 1);
  // The loader adds `from.add` to a norm's weight, which the files hold already.
  const included = isVector ? (from.add ?? 0) - (add ?? 0) : 0;
  const size = 4 * elementCount(shape);
  const read = async (begin: number, end: number): Promise<Uint8Array<ArrayBuffer>> => {
    // A vector is read at once.
    const first = isVector ? 0 : Math.floor(begin / rowBytes);
    const count = isVector ? size / 4 : Math.ceil(end / rowBytes) - first;
    const values = await rows(first, count);
    const own = included === 0 ? values : values.map((value) => value - included);
    return new Uint8Array(own.buffer, own.byteOffset, own.byteLength).slice(
      begin - first * rowBytes,
      end - first * rowBytes,
    );
  };
  const file = { name, size, read };
  return { kind: 'dense', kept: true, tensor: { name, file, begin: 0, end: size, dtype: 'F32', shape } };
}
