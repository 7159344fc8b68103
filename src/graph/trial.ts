import type { Dispatch } from '../ops/op';
import type { Plan } from './plan';

/** What one candidate runs, made ready to be timed. */
export interface Trial {
  /**
   * Seconds that it takes to do all once, the mean over some repeats, at so many of the capacity's rows; undefined where
   * the device reports an error. Throws where the device was lost.
   */
  seconds(rows: number, repeats: number): Promise<number | undefined>;
  /**
   * What it computes in so many rows: of each tensor that all candidates write, its float32 values. All candidates start
   * from the same numbers. Undefined and throws as `seconds`.
   */
  results(rows: number): Promise<readonly Float32Array[] | undefined>;
  destroy(): void;
}

/** Where candidates are timed: a device, or a test's idea of one. */
export interface TrialBench {
  /** Floating-point operations a second that the device did at the least so far. */
  readonly rate: number;
  /** Compiles ahead what will be prepared, for so long at the most. */
  compile(candidates: readonly (readonly Dispatch[])[], seconds: number): Promise<void>;
  /**
   * One trial a candidate, 'refused' in the place of those that the device does not take; undefined where there is no
   * memory for any. Throws where the device was lost.
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
