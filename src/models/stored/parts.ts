import type { Dtype } from '../../core/dtype';
import { TunesmithError } from '../../core/errors';
import { elementCount, shapeText } from '../../core/shape';
import { message, type Message } from '../../core/messages/message';
import type { StoredTensor } from './stored_weight';

/** The tensors of one packed weight, by the end of their names after the module's path: `qweight`, `weight.absmax`. */
export class WeightParts {
  readonly path: string;
  readonly #tensors: ReadonlyMap<string, StoredTensor>;

  constructor(path: string, tensors: ReadonlyMap<string, StoredTensor>) {
    this.path = path;
    this.#tensors = tensors;
  }

  has(part: string): boolean {
    return this.#tensors.has(part);
  }

  /** Throws `tensor_unexpected` if there are parts of other names. */
  only(known: readonly string[]): void {
    for (const part of this.#tensors.keys()) {
      if (known.includes(part)) continue;
      throw damaged('tensor_unexpected', message('tensor_strange_part', { name: `${this.path}.${part}` }));
    }
  }

  /** Throws `tensor_missing`. */
  get(part: string): StoredTensor {
    const tensor = this.#tensors.get(part);
    if (tensor) return tensor;
    throw damaged('tensor_missing', message('tensor_part_lacking', { name: `${this.path}.${part}` }));
  }

  /** The part, checked for its dtype and shape. Throws `tensor_missing`, `tensor_dtype`, `tensor_shape`. */
  typed(part: string, dtype: Dtype, shape: readonly number[]): StoredTensor {
    const tensor = this.get(part);
    if (tensor.dtype !== dtype) {
      const values = { name: tensor.name, dtype: tensor.dtype, expected: dtype };
      throw damaged('tensor_dtype', message('tensor_other_dtype', values));
    }
    if (elementCount(tensor.shape) !== elementCount(shape)) {
      const { name, file } = tensor;
      const values = { name, found: shapeText(tensor.shape), file: file.name, expected: shapeText(shape) };
      throw damaged('tensor_shape', message('tensor_shape_of_part', values));
    }
    return tensor;
  }
}

/** Reads all bytes of a small tensor into a buffer of their own, so that typed arrays are aligned. */
export async function readWhole({ file, begin, end }: StoredTensor): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.read(begin, end));
}

export async function readWords(tensor: StoredTensor): Promise<Uint32Array<ArrayBuffer>> {
  return new Uint32Array((await readWhole(tensor)).buffer);
}

/** The codes of errors about the tensors of a checkpoint. */
type DamagedCode =
  | 'gguf_rope_factors'
  | 'quant_map'
  | 'quant_state'
  | 'tensor_dtype'
  | 'tensor_groups'
  | 'tensor_missing'
  | 'tensor_shape'
  | 'tensor_unexpected';

/** An error about the files of a checkpoint. */
export function damaged(code: DamagedCode, fault: Message): TunesmithError {
  return new TunesmithError({ code, values: { fault } });
}
