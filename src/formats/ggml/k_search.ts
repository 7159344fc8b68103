import { assemble, type WasmFunction } from '../../core/wasm';
import { PLACES } from './k_kernels';

const { fround } = Math;

/** ggml calls a group whose weights are all smaller than this zero. */
export const NEARLY_ZERO = fround(1e-15);

/** A search for the scales of four groups, and its memory as arrays. */
export interface Search {
  /** The 256 weights of a block; the caller writes them. */
  readonly values: Float32Array;
  /** Scales and minima of the four groups of the last run. */
  readonly scales: Float32Array;
  readonly minima: Float32Array;
  /** Their codes as floats; element i of group g is at 4 i + g. */
  readonly codes: Float32Array;
  /** @param first place of the first of the four groups in `values`, in bytes */
  readonly run: (first: number) => void;
}

/** Compiles a kernel at the first use in a thread. @param numerators of its tries' inverse scales */
export function searchBy(
  kernel: (tries: number) => WasmFunction,
  numerators: readonly number[],
): () => Search {
  let made: Search | undefined;
  return () => (made ??= compiled(kernel(numerators.length), numerators));
}

function compiled(kernel: WasmFunction, numerators: readonly number[]): Search {
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(assemble([kernel])));
  const { buffer } = exports.memory as WebAssembly.Memory;
  new Float32Array(buffer, PLACES.numerators).set(numerators);
  const run = exports[kernel.name] as (place: number) => void;
  return {
    values: new Float32Array(buffer, PLACES.values, 256),
    scales: new Float32Array(buffer, PLACES.scale, 4),
    minima: new Float32Array(buffer, PLACES.minimum, 4),
    codes: new Float32Array(buffer, PLACES.codes, 128),
    run: (first) => {
      run(PLACES.values + first);
    },
  };
}

/** 0.1 k for each k from `first` to `last`, as f32 computes it. */
export function tenths(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, i) => fround(fround(0.1) * (first + i)));
}
