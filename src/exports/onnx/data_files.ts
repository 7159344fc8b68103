import { alignUp } from '../../core/align';
import { TunesmithError } from '../../core/errors';
import type { OnnxExternalData, OnnxTensor } from '../../formats/onnx/model';
import { weightBytes, type WeightData } from './graph';

/** transformers.js reads each file into one array, which a browser limits to about 2 GB. */
const MOST_BYTES = 2_000_000_000;

/** Tensors begin at multiples of a page, so that programs can map the file into memory. */
const ALIGNMENT = 4096;

/** A file beside a model, and the weights that it holds. */
export interface DataFile {
  readonly name: string;
  readonly size: number;
  readonly tensors: readonly (OnnxTensor & { readonly data: OnnxExternalData })[];
  readonly parts: () => AsyncGenerator<Uint8Array, void, void>;
}

/**
 * Distributes weights, in order, to files of at most `most` bytes: model.onnx_data, model.onnx_data_1 and so on, as
 * transformers.js names them.
 *
 * @param model the name of the model's own file
 * @throws TunesmithError `export_onnx_tensor_size` if a weight does not fit one file
 */
export function dataFiles(
  model: string,
  weights: readonly WeightData[],
  most = MOST_BYTES,
): readonly DataFile[] {
  const groups: WeightData[][] = [];
  let bytes = Infinity;
  for (const data of weights) {
    const size = data.tensors.reduce((sum, tensor) => sum + alignUp(weightBytes(tensor), ALIGNMENT), 0);
    if (size > most) {
      const values = { tensor: data.tensors[0]?.name ?? '', bytes: size, most };
      throw new TunesmithError({ code: 'export_onnx_tensor_size', values });
    }
    if (bytes + size > most) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)?.push(data);
    bytes += size;
  }
  return groups.map((group, index) => dataFile(`${model}_data${index === 0 ? '' : `_${index}`}`, group));
}

function dataFile(name: string, weights: readonly WeightData[]): DataFile {
  let size = 0;
  const tensors = weights.flatMap((data) =>
    data.tensors.map((tensor) => {
      const length = weightBytes(tensor);
      const offset = alignUp(size, ALIGNMENT);
      size = offset + length;
      return { ...tensor, data: { location: name, offset, length } };
    }),
  );
  const places = new Map(tensors.map(({ name: tensor, data }) => [tensor, data]));
  return {
    name,
    size,
    tensors,
    async *parts() {
      let at = 0;
      for (const data of weights) {
        const lengths = data.tensors.map((tensor) => places.get(tensor.name)!);
        let index = 0;
        let rest = 0;
        for await (const part of data.parts()) {
          for (let from = 0; from < part.length;) {
            if (rest === 0) {
              const place = lengths[index++];
              if (!place) throw new Error(`${name} has more bytes of ${data.tensors[0]?.name} than planned`);
              if (place.offset > at) yield new Uint8Array(place.offset - at);
              at = place.offset;
              rest = place.length;
            }
            const piece = part.subarray(from, from + rest);
            yield piece;
            from += piece.length;
            at += piece.length;
            rest -= piece.length;
          }
        }
      }
    },
  };
}
