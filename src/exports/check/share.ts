import { NEAREST } from '../../core/dtype';
import { TunesmithError } from '../../core/errors';

/** Standard errors that a result must be away from a bound to be beyond it: by chance, once in a billion exports. */
const CERTAIN = 6;

/** Roundings in float32, with margin: of the base, of the adapter's products, and of norms of rows. */
const ROUNDINGS = 4;

/**
 * The share of the adapter's change δ of the weights that written weights have: s = Σ (written − base) · δ / Σ δ². With
 * the error r = written − base − s δ, which the rounding of each row leaves by itself, its standard error is
 * √(Σ over rows (Σ r · δ)²) / Σ δ².
 */
export class DeltaShare {
  #products = 0;
  #squares = 0;
  /** Sums over the rows of p², p d and d², with p and d a row's own products and squares. */
  #rowProducts = 0;
  #rowMixed = 0;
  #rowSquares = 0;

  /**
   * Adds whole rows of one matrix, f32 [rows, input] each. A change that float32 itself rounds doesn't count: an untrained
   * DoRA adapter leaves such changes.
   */
  add(base: Float32Array, merged: Float32Array, written: Float32Array, input: number): void {
    const least = ROUNDINGS * Math.sqrt(input) * NEAREST.F32;
    for (let first = 0; first < base.length; first += input) {
      let products = 0;
      let squares = 0;
      for (let i = first; i < first + input; i++) {
        const below = base[i]!;
        const delta = merged[i]! - below;
        if (Math.abs(delta) <= least * Math.abs(below)) continue;
        products += (written[i]! - below) * delta;
        squares += delta * delta;
      }
      this.#products += products;
      this.#squares += squares;
      this.#rowProducts += products * products;
      this.#rowMixed += products * squares;
      this.#rowSquares += squares * squares;
    }
  }

  /** The share; undefined if there is no change. */
  get share(): number | undefined {
    return this.#squares === 0 ? undefined : this.#products / this.#squares;
  }

  /** The standard error of the share. */
  get standardError(): number {
    const share = this.share ?? 0;
    const variance = this.#rowProducts - 2 * share * this.#rowMixed + share * share * this.#rowSquares;
    return Math.sqrt(Math.max(0, variance)) / this.#squares;
  }

  /**
   * The share, if it is known well enough to be told from 0; else undefined.
   *
   * @throws TunesmithError `export_rounded_away` if it is certainly nearer to 0 than to 1
   */
  requireKept(): number | undefined {
    const { share } = this;
    if (share === undefined) return undefined;
    const uncertain = CERTAIN * this.standardError;
    if (share + uncertain < 0.5) {
      throw new TunesmithError({ code: 'export_rounded_away', values: { share: Math.max(0, share) } });
    }
    return uncertain < 0.5 ? share : undefined;
  }
}
