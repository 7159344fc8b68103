import type { Dispatch } from '../ops/op';
import type { Plan } from './plan';

/** One candidate, compiled and ready to be timed. */
export interface Trial {
  /**
   * Seconds of one run over `rows` rows, the mean of `repeats` runs. Undefined if the device reports an error. Throws if
   * the device is lost.
   */
  seconds(rows: number, repeats: number): Promise<number | undefined>;
  /**
   * The float32 values of each tensor that all candidates write, for `rows` rows. All candidates start from the same
   * numbers. Returns undefined and throws as `seconds` does.
   */
  results(rows: number): Promise<readonly Float32Array[] | undefined>;
  destroy(): void;
}

/** Where candidates are timed: a device, or a test's idea of one. */
export interface TrialBench {
  /** The highest lower bound so far of the device's floating-point operations a second. */
  readonly rate: number;
  /** Compiles ahead the candidates that `prepare` will need, for at most `seconds`. */
  compile(candidates: readonly (readonly Dispatch[])[], seconds: number): Promise<void>;
  /**
   * One trial a candidate, or 'refused' if the device rejects it. Undefined if there is no memory for any. Throws if the
   * device is lost.
   */
  prepare(
    candidates: readonly (readonly Dispatch[])[],
    program: TunedProgram,
  ): Promise<readonly (Trial | 'refused')[] | undefined>;
}

/** A program that will run. */
export interface TunedProgram {
  readonly plan: Plan;
  /** Rows in the key and value cache while it is timed. */
  readonly past?: number;
}
