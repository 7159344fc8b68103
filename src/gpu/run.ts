interface RunField {
  readonly type: 'u32' | 'f32' | 'flag';
  /** The value if a run gives none. */
  readonly neutral: number | boolean;
  readonly about: string;
}

/** The values that change from one run of a program to the next; its pipelines fix everything else. */
const FIELDS = {
  rows: { type: 'u32', neutral: 0, about: "token rows in use, at most the program's capacity" },
  past: { type: 'u32', neutral: 0, about: 'rows already in the key and value cache, before row 0' },
  seed: { type: 'u32', neutral: 0, about: 'of the random numbers' },
  counter: { type: 'u32', neutral: 0, about: 'micro-batches so far: keys the random numbers of the dropout' },
  accumulate: { type: 'flag', neutral: false, about: '0: gradients and metrics are set, 1: added to' },
  lossScale: { type: 'f32', neutral: 1, about: "1 / terms of the whole accumulation window's mean" },
  maxGradNorm: { type: 'f32', neutral: 0, about: '0: no clipping' },
  learningRate: { type: 'f32', neutral: 0, about: 'of this step' },
  weightDecay: { type: 'f32', neutral: 0, about: 'decoupled, times the learning rate' },
  beta1: { type: 'f32', neutral: 0.9, about: 'share of the first moment that is kept' },
  oneMinusBeta1: { type: 'f32', neutral: 1 - 0.9, about: 'in f32 1 - beta1 would lose digits' },
  beta2: { type: 'f32', neutral: 0.999, about: 'share of the second moment that is kept' },
  oneMinusBeta2: { type: 'f32', neutral: 1 - 0.999, about: 'in f32 1 - beta2 would lose digits' },
  epsilon: { type: 'f32', neutral: 1e-8, about: 'added to the root of the second moment' },
  biasCorrection1: { type: 'f32', neutral: 1, about: '1 - beta1^step' },
  biasCorrection2: { type: 'f32', neutral: 1, about: '1 - beta2^step' },
} as const satisfies Readonly<Record<string, RunField>>;

type Name = keyof typeof FIELDS;

/** The values of one run, by the names in `FIELDS`. */
export type RunValues = {
  readonly [K in Name]: (typeof FIELDS)[K]['type'] extends 'flag' ? boolean : number;
};

const fields = Object.entries(FIELDS) as readonly (readonly [Name, RunField])[];

/** A uniform's size is a multiple of 16 bytes. */
export const RUN_BYTES = Math.ceil(fields.length / 4) * 16;

/** The bytes of the uniform; a value that is not given is neutral. */
export function encodeRun(given: Partial<RunValues>): ArrayBuffer {
  const bytes = new DataView(new ArrayBuffer(RUN_BYTES));
  for (const [index, [name, { type, neutral }]] of fields.entries()) {
    const value = Number(given[name] ?? neutral);
    if (type === 'f32') bytes.setFloat32(4 * index, value, true);
    else bytes.setUint32(4 * index, value, true);
  }
  return bytes.buffer;
}

/** The WGSL of `#include lib/run`. */
export function runSource(): string {
  const members = fields.map(([name, { type, about }]) => {
    const member = name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    return `  ${member}: ${type === 'f32' ? 'f32' : 'u32'},   // ${about}`;
  });
  return ['struct Run {', ...members, '}', '', '@group(0) @binding(0) var<uniform> run: Run;', ''].join('\n');
}
