/** The values of `struct Run` in shaders/lib/run.wgsl, in its order. */
export interface RunValues {
  /** Token rows in use, at most the program's capacity. */
  readonly rows: number;
  /** Rows already in the key and value cache. */
  readonly past: number;
  readonly seed: number;
  /** Micro-batches so far; keys the dropout's random numbers. */
  readonly counter: number;
  /** Whether gradients and metrics are added to (true) or set. */
  readonly accumulate: boolean;
  /** 1 / target tokens of the accumulation window. */
  readonly lossScale: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  /** 1 - beta1^step */
  readonly biasCorrection1: number;
  /** 1 - beta2^step */
  readonly biasCorrection2: number;
  /** 0: no clipping. */
  readonly maxGradNorm: number;
}

export const RUN_BYTES = 64;

const NEUTRAL: RunValues = {
  rows: 0,
  past: 0,
  seed: 0,
  counter: 0,
  accumulate: false,
  lossScale: 1,
  learningRate: 0,
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  biasCorrection1: 1,
  biasCorrection2: 1,
  maxGradNorm: 0,
};

/** The bytes of the uniform; what is not given has its neutral value. */
export function encodeRun(given: Partial<RunValues>): ArrayBuffer {
  const values = { ...NEUTRAL, ...given };
  const bytes = new ArrayBuffer(RUN_BYTES);
  new Uint32Array(bytes).set([
    values.rows,
    values.past,
    values.seed,
    values.counter,
    values.accumulate ? 1 : 0,
  ]);
  new Float32Array(bytes, 20).set([
    values.lossScale,
    values.learningRate,
    values.beta1,
    values.beta2,
    values.epsilon,
    values.weightDecay,
    values.biasCorrection1,
    values.biasCorrection2,
    values.maxGradNorm,
    // In f32 they would lose what 0.999 is off by.
    1 - values.beta1,
    1 - values.beta2,
  ]);
  return bytes;
}
