import { dequantizeNF4 } from '../../formats/nf4';
import { dequantizeOnnx, onnxCodec } from '../../formats/onnx/codecs/codecs';
import type { ModelFolder } from '../../models/folder';
import { checkpointTensors, type ModelSpec } from '../../models/spec';
import { floatRounding, gridRounding, type Rounding } from '../check/rounding';
import type { WrittenTensor } from '../check/written_tensor';
import { encode, type Encoding } from '../encoding/encode';
import type { DataFile } from './data_files';
import { weightBytes, type StoredWeight, type WeightData } from './graph';

/** Reads some bytes of a tensor's elements. */
export type ReadTensor = (tensor: StoredWeight, begin: number, end: number) => Promise<Uint8Array>;

/** Reads tensors from the written files of an ONNX model. */
export function tensorReader(files: readonly DataFile[], written: ModelFolder): ReadTensor {
  const places = new Map(files.flatMap(({ tensors }) => tensors.map(({ name, data }) => [name, data])));
  return async ({ name }, begin, end) => {
    const place = places.get(name);
    const file = place && written.get(`onnx/${place.location}`);
    if (!file) throw new Error(`the files lack ${name}`);
    return file.read(place.offset + begin, place.offset + end);
  };
}

/** The weights of a checkpoint in the written files of an ONNX model. @param base the spec of the open base */
export function onnxWritten(
  base: ModelSpec,
  weights: readonly WeightData[],
  read: ReadTensor,
): readonly WrittenTensor[] {
  const specs = new Map(checkpointTensors(base).map((tensor) => [tensor.name, tensor]));
  return weights.flatMap((data): WrittenTensor[] => {
    const { holds } = data;
    const from = holds && specs.get(holds.name);
    if (!holds || !from) return [];
    const { encoding } = holds;
    const count = from.kind === 'vector' ? 1 : (from.shape[0] ?? 0);
    const ofRows = holds.isTransposed ? transposedRows(data, read) : plainRows(data.tensors, count, read);
    return [
      {
        ...{ name: data.tensors[0]?.name ?? from.name, from, rounding: roundingOf(encoding) },
        // A vector is read as one row.
        rows: async (first, rows) =>
          decode(encoding, await (from.kind === 'vector' ? ofRows(0, 1) : ofRows(first, rows))),
      },
    ];
  });
}

function plainRows(tensors: readonly StoredWeight[], count: number, read: ReadTensor) {
  return (first: number, rows: number): Promise<readonly Uint8Array[]> =>
    Promise.all(
      tensors.map((tensor) => {
        const rowBytes = weightBytes(tensor) / count;
        return read(tensor, first * rowBytes, (first + rows) * rowBytes);
      }),
    );
}

/** Rows of codes [in, out], scales [out], zero points [out]. */
function transposedRows({ tensors }: WeightData, read: ReadTensor) {
  const [codes, ...others] = tensors;
  const [input = 0, out = 0] = codes?.shape ?? [];
  return async (first: number, rows: number): Promise<readonly Uint8Array[]> => {
    if (!codes) return [];
    const turned = new Uint8Array(rows * input);
    // A few rows of many are read by themselves, for each column; otherwise whole columns at once.
    const isPart = rows * 8 < out;
    const columns = isPart ? 1 : Math.max(1, Math.floor(READ_BYTES / out));
    for (let from = 0; from < input; from += columns) {
      const to = Math.min(input, from + columns);
      const strip = isPart
        ? await read(codes, from * out + first, from * out + first + rows)
        : await read(codes, from * out, to * out);
      for (let column = from; column < to; column++) {
        const at = isPart ? 0 : (column - from) * out + first;
        for (let row = 0; row < rows; row++) turned[row * input + column] = strip[at + row]!;
      }
    }
    return [turned, ...(await plainRows(others, out, read)(first, rows))];
  };
}

/** Bytes of codes that are read at once to turn columns into rows. */
const READ_BYTES = 8 * 2 ** 20;

function decode(encoding: Encoding, arrays: readonly Uint8Array[]): Float32Array<ArrayBuffer> {
  switch (encoding.encoder) {
    case 'onnx':
      return dequantizeOnnx(encoding.type, arrays, encoding.rowLength);
    case 'nf4': {
      const [codes = new Uint8Array(), absmax] = arrays;
      const scales = dequantizeOnnx('float32', [absmax ?? new Uint8Array()], 1);
      return dequantizeNF4(codes, scales, 2 * codes.length, encoding.blockSize);
    }
    case 'ggml':
      throw new Error('an ONNX model has no blocks of ggml');
  }
}

/** How an encoding rounds. */
function roundingOf(encoding: Encoding): Rounding {
  const { rowLength } = encoding;
  const rounded: Rounding['rounded'] = (values) => decode(encoding, encode(encoding, values.slice()));
  if (encoding.encoder !== 'onnx') return { block: rowLength, allowed: () => 0, rounded };
  const { rounding } = onnxCodec(encoding.type);
  if ('dtype' in rounding) return floatRounding(rounding.dtype);
  const { block = rowLength } = rounding;
  // Blocks do not cross rows, so a row that is no whole number of blocks counts as one.
  return gridRounding({ ...rounding, block: rowLength % block === 0 ? block : rowLength, rounded });
}
