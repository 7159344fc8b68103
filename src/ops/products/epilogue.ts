import type { ShaderConstants } from '../../gpu/shaders';
import { read, rowElements, type Binding, type Dispatch } from '../op';
import type { WeightPart } from '../weight';
import type { ForwardRequest, TransposedRequest } from './algorithm';
import { masking } from './masking';
import { windowed, type RowWindow } from './row_windows';

/** The terms that a forward product adds to x Wᵀ, for kernels with BIAS, LORA and RESIDUAL; appends to `bindings`. */
export function epilogue(
  { bias, lora, residual }: ForwardRequest,
  part: WeightPart,
  window: RowWindow | undefined,
  bindings: Binding[],
): { readonly constants: ShaderConstants; readonly overrides: Readonly<Record<string, number>> } {
  const constants: Record<string, number | boolean> = {};
  const overrides: Record<string, number> = {};
  if (bias) {
    constants['BIAS'] = true;
    constants['BIAS_BINDING'] = bindings.push({
      ...read(bias),
      offset: part.firstRow * 4,
      size: part.rows * 4,
    });
  }
  if (lora) {
    const rank = rowElements(lora.B.shape);
    constants['LORA'] = true;
    constants['LORA_BINDING'] = bindings.push(windowed(read(lora.z), window));
    bindings.push({ ...read(lora.B), offset: part.firstRow * rank * 4, size: part.rows * rank * 4 });
    Object.assign(overrides, { rank4: rank / 4, lora_scale: lora.scale });
  }
  if (residual) {
    constants['RESIDUAL'] = true;
    constants['RESIDUAL_BINDING'] = bindings.push(windowed(read(residual), window));
  }
  return { constants, overrides };
}

/**
 * The terms that a transposed product adds to scale · dy W, for kernels with LORA, SO_FAR, ADD and DROPOUT. Appends to `bindings`.
 *
 * @param add adds to the values in dx: for the second and further parts of a split weight
 */
export function transposedEpilogue(
  request: TransposedRequest,
  window: RowWindow | undefined,
  add: boolean,
  bindings: Binding[],
): Required<Pick<Dispatch, 'constants' | 'overrides'>> & Pick<Dispatch, 'words'> {
  const { lora, soFar } = add ? {} : request;
  const constants: Record<string, number | boolean> = {};
  if (lora) {
    constants['LORA'] = true;
    constants['LORA_BINDING'] = bindings.push(windowed(read(lora.dz), window));
    bindings.push(read(lora.A));
  }
  if (soFar) {
    constants['SO_FAR'] = true;
    constants['SO_FAR_BINDING'] = bindings.push(windowed(read(soFar), window));
  }
  if (add) constants['ADD'] = true;
  const masked = masking(lora?.dropout, bindings, window);
  return {
    constants: { ...constants, ...masked.constants },
    overrides: { ...(lora && { rank4: rowElements(lora.dz.shape) / 4 }), ...masked.overrides },
    words: masked.words,
  };
}
