import type { Dtype } from '../../core/dtype';
import { TunesmithError, type ErrorCode } from '../../core/errors';
import { elementCount, shapeText } from '../../core/shape';
import type { StoredTensor } from './stored_weight';

/** The tensors that make up one packed weight, by what follows the module's path: `qweight`, `weight.absmax`. */
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

  /** Throws `tensor_unexpected` where there are parts of other names. */
  only(known: readonly string[]): void {
    for (const part of this.#tensors.keys()) {
      if (known.includes(part)) continue;
      throw damaged('tensor_unexpected', `${this.path}.${part} is no part of a weight that is stored so.`);
    }
  }

  /** Throws `tensor_missing`. */
  get(part: string): StoredTensor {
    const tensor = this.#tensors.get(part);
    if (tensor) return tensor;
    throw damaged('tensor_missing', `The weights lack ${this.path}.${part}, a part of a quantised weight.`);
  }

  /** The part, if it is of the dtype and has so many elements. Throws `tensor_missing`, `tensor_dtype`, `tensor_shape`. */
  typed(part: string, dtype: Dtype, shape: readonly number[]): StoredTensor {
    const tensor = this.get(part);
    if (tensor.dtype !== dtype) {
      throw damaged('tensor_dtype', `${tensor.name} is stored as ${tensor.dtype}, where ${dtype} is meant.`);
    }
    if (elementCount(tensor.shape) !== elementCount(shape)) {
      const shapes = `${shapeText(tensor.shape)} in ${tensor.file.name}, where ${shapeText(shape)} is meant`;
      throw damaged('tensor_shape', `${tensor.name} is ${shapes}.`);
    }
    return tensor;
  }
}

/** All bytes of a small tensor, at the start of a buffer of their own. */
export async function readWhole({ file, begin, end }: StoredTensor): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await file.read(begin, end));
}

export async function readWords(tensor: StoredTensor): Promise<Uint32Array<ArrayBuffer>> {
  return new Uint32Array((await readWhole(tensor)).buffer);
}

/** An error about the files of a checkpoint. */
export function damaged(code: ErrorCode, message: string): TunesmithError {
  return new TunesmithError({
    code,
    message,
    hint: 'Check that config.json and the weights belong to the same model and came through whole.',
  });
}
