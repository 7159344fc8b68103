import { TunesmithError } from '../../core/errors';
import { partValues, type AdapterLayout, type AdapterModule, type AdapterState } from './layout';

/** The adapter of one linear map as a plain low-rank pair: W' = W + B A, without a factor. */
export interface PlainLoraModule extends Pick<AdapterModule, 'path' | 'module' | 'in' | 'out' | 'rank'> {
  /** Makes the matrices anew, so that a caller can hold those of one module at a time. */
  read(): {
    /** f32 [rank, in], as trained. */
    readonly A: Float32Array<ArrayBuffer>;
    /** f32 [out, rank]: the trained matrix times the module's own scale. */
    readonly B: Float32Array<ArrayBuffer>;
  };
}

/**
 * An adapter as plain LoRA, for formats that know neither rsLoRA nor ranks and alphas of single modules: each module's
 * scale (alpha / r or alpha / √r) is multiplied into its B. That rounds a value once, to float32; a scale that is a power
 * of two changes no digit.
 *
 * @param format that needs it, for the error
 * @throws TunesmithError `export_not_low_rank` for an adapter that isn't such a pair
 */
export function plainLora(
  { layout, ...state }: AdapterState & { readonly layout: AdapterLayout },
  format: string,
): readonly PlainLoraModule[] {
  const { kind, modules } = layout;
  const { lowRank } = kind;
  if (!lowRank) {
    throw new TunesmithError({ code: 'export_not_low_rank', values: { kind: kind.title, format } });
  }
  return modules.map((module) => ({
    ...{ path: module.path, module: module.module, in: module.in, out: module.out, rank: module.rank },
    read() {
      const { A, B, scale } = lowRank({ ...module, parts: partValues(module, state) });
      return { A: Float32Array.from(A), B: Float32Array.from(B, (value) => scale * value) };
    },
  }));
}
