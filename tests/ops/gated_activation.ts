import { fusedGatedActivation, gatedActivation, type Activation } from '../../src/ops/gated_activation';
import { combine, describe, normal, type Arrays, type OpCase } from './case';

interface Parameters {
  readonly activation: Activation;
  readonly rows: number;
  readonly columns: number;
  readonly extremes?: boolean;
  readonly limits?: OpCase['limits'];
}

/** Values and derivatives, straight from the definitions. */
const activations: Record<Activation, (x: number) => { value: number; slope: number }> = {
  silu(x) {
    const s = 1 / (1 + Math.exp(-x));
    return { value: x * s, slope: s + x * s * (1 - s) };
  },
  gelu_pytorch_tanh(x) {
    const root = Math.sqrt(2 / Math.PI);
    const t = Math.tanh(root * (x + 0.044715 * x ** 3));
    return {
      value: 0.5 * x * (1 + t),
      slope: 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * root * (1 + 3 * 0.044715 * x * x),
    };
  },
  gelu(x) {
    const phi = 0.5 * (1 + erf(x / Math.SQRT2));
    return { value: x * phi, slope: phi + (x * Math.exp(-0.5 * x * x)) / Math.sqrt(2 * Math.PI) };
  },
};

/** erf(x) = 2/√π · exp(-x²) · Σ 2ⁿ x²ⁿ⁺¹ / (2n+1)!!, a series whose terms all have one sign. */
function erf(x: number): number {
  if (Math.abs(x) > 6) return Math.sign(x);
  let term = x;
  let sum = x;
  for (let n = 1; n < 200; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

function gatedActivationCase({ limits, ...parameters }: Parameters): OpCase {
  const { activation, rows, columns, extremes = false } = parameters;
  const act = activations[activation];
  const gate = normal('gate', rows * columns, 2);
  if (extremes) gate.set([0, -0, 1e-30, -8, 8, -30, 30, -90, 90, -1e4, 1e4, -1e15, 1e15, -3e37, 3e37]);
  const up = normal('up', rows * columns);
  // exp is good to 3 + 2 |x| epsilons where it matters, the approximation of erf to 1.3; products add a few.
  const factor = 24;
  const magnitudes = (of: (gate: number, up: number) => number): Float64Array =>
    Float64Array.from(gate, (x, i) => of(x, up[i]!));
  return {
    op: 'gated_activation',
    name: describe({ ...parameters, ...limits }),
    rows,
    limits,
    inputs: {
      gate: { type: 'f32', shape: ['rows', columns], data: gate, wanted: true },
      up: { type: 'f32', shape: ['rows', columns], data: up, wanted: true },
    },
    build: (builder, { gate, up }) => ({
      y: gatedActivation(builder, { gate: gate!, up: up! }, { activation }),
    }),
    reference: {
      forward: ({ gate, up }) => ({ y: gate!.map((x, i) => act(x).value * up![i]!) }),
      backward: ({ gate, up }, { y: dy }) => ({
        gate: gate!.map((x, i) => dy![i]! * up![i]! * act(x).slope),
        up: gate!.map((x, i) => dy![i]! * act(x).value),
      }),
    },
    // The share of x that passes has an absolute error, so that of act(x) is in proportion to x.
    tolerance: {
      y: { factor, magnitudes: magnitudes((x, u) => Math.abs(x * u)) },
      dgate: { factor, magnitudes: magnitudes((x, u) => 4 * Math.abs(u) * (1 + Math.min(Math.abs(x), 8))) },
      dup: { factor, magnitudes: magnitudes((x) => 4 * Math.abs(x)) },
    },
  };
}

/** The same values with a row's gates and what they let through in one tensor. */
function fusedCase(parameters: Parameters): OpCase {
  const plain = gatedActivationCase(parameters);
  const { rows, columns, activation } = parameters;
  const { y, dgate, dup } = plain.tolerance;
  const joined = <T extends Float32Array | Float64Array>(target: T, gate: T, up: T): T => {
    for (let row = 0; row < rows; row++) {
      target.set(gate.subarray(row * columns, (row + 1) * columns), 2 * row * columns);
      target.set(up.subarray(row * columns, (row + 1) * columns), (2 * row + 1) * columns);
    }
    return target;
  };
  const split = (gateUp: Float64Array, half: 0 | 1): Float64Array =>
    Float64Array.from({ length: rows * columns }, (_, i) => {
      const row = Math.floor(i / columns);
      return gateUp[(2 * row + half) * columns + (i % columns)]!;
    });
  const { gate, up } = plain.inputs;
  const data = joined(
    new Float32Array(2 * rows * columns),
    Float32Array.from(gate!.data),
    Float32Array.from(up!.data),
  );
  const parts = ({ gateUp }: Arrays): Arrays => ({ gate: split(gateUp!, 0), up: split(gateUp!, 1) });
  if (typeof dgate !== 'object' || typeof dup !== 'object') throw new Error('magnitudes are missing');
  const magnitudes = joined(new Float64Array(data.length), dgate.magnitudes, dup.magnitudes);
  return {
    ...plain,
    op: 'fused_gated_activation',
    inputs: { gateUp: { type: 'f32', shape: ['rows', 2 * columns], data, wanted: true } },
    build: (builder, { gateUp }) => ({
      y: fusedGatedActivation(builder, { gateUp: gateUp! }, { activation }),
    }),
    reference: {
      forward: (values) => plain.reference.forward(parts(values)),
      backward: (values, cotangents) => {
        const { gate, up } = plain.reference.backward!(parts(values), cotangents);
        return { gateUp: joined(new Float64Array(data.length), gate!, up!) };
      },
    },
    tolerance: { y: y!, dgateUp: { factor: dgate.factor, magnitudes } },
  };
}

const activation = ['silu', 'gelu_pytorch_tanh', 'gelu'] as const;

export const cases: readonly OpCase[] = [
  ...combine({ activation, rows: [1, 7], columns: [1, 20, 301] }).map(gatedActivationCase),
  ...combine({ activation, rows: [4], columns: [4, 5], extremes: [true] }).map(gatedActivationCase),
  ...combine({
    activation: ['silu'] as const,
    rows: [40],
    columns: [64],
    limits: [{ maxComputeWorkgroupsPerDimension: 3 }],
  }).flatMap((parameters) => [gatedActivationCase(parameters), fusedCase(parameters)]),
  // Larger than a binding: windows of 256 rows.
  ...combine({
    activation: ['silu'] as const,
    rows: [530],
    columns: [5, 8],
    limits: [{ maxStorageBufferBindingSize: 256 * 16 * 4 }],
  }).flatMap((parameters) => [gatedActivationCase(parameters), fusedCase(parameters)]),
  ...combine({ activation, rows: [1, 7], columns: [1, 20, 301] }).map(fusedCase),
  ...combine({ activation, rows: [4], columns: [4, 5], extremes: [true] }).map(fusedCase),
];
