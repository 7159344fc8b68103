import { alignUp } from '../../src/core/align';
import type { Device } from '../../src/gpu/device';
import { compile } from '../../src/graph/compile';
import { differentiate, GRADIENTS, PARAMETERS } from '../../src/graph/differentiate';
import { ALIGNMENT, plan, type Plan } from '../../src/graph/plan';
import type { Program } from '../../src/graph/program';
import { Trace } from '../../src/graph/trace';
import type { Chooser } from '../../src/ops/choice';
import { elements, type Limits, type Shape, type Tensor } from '../../src/ops/op';
import { normal, type Arrays, type OpCase, type Tolerance } from './case';

/** f32's epsilon: the distance of 1 to the next number. */
const EPSILON = 2 ** -23;
/** Devices may flush what is smaller to zero. */
const SMALLEST_NORMAL = 2 ** -126;
/** Rows of a program beyond those in use; they are filled with NaN, which spoils what they leak into. */
const SPARE_ROWS = 3;

/** WebGPU's default limits and all that kernels may use, for planning without a device. */
const EVERY_FEATURE: Limits = {
  maxStorageBufferBindingSize: 2 ** 27,
  maxBufferSize: 2 ** 28,
  maxComputeWorkgroupsPerDimension: 65535,
  features: {
    f16: true,
    subgroups: { min: 32, max: 32 },
    matrix: { M: 8, N: 8, K: 8 },
    timestamps: true,
  },
};

interface Result {
  readonly tensor: Tensor;
  readonly expected: Float64Array;
  readonly tolerance: Tolerance;
  /** Collected over the runs of an accumulation window. */
  readonly accumulates: boolean;
}

interface Prepared {
  readonly plan: Plan;
  readonly ops: readonly string[];
  /** The contents of each bound slot's buffer before a run. */
  readonly contents: ReadonlyMap<string, Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>;
  readonly results: ReadonlyMap<string, Result>;
}

/** The contents of the results after a run, by name. */
type Bytes = ReadonlyMap<string, ArrayBuffer>;

/**
 * Runs a case on a device with every algorithm that its ops can choose, or with their defaults alone; returns what is
 * wrong, nothing where all is well.
 */
export async function checkCase(device: Device, opCase: OpCase, defaultsAlone: boolean): Promise<string[]> {
  const failures = checkReference(opCase);
  for (const { capacity, forced } of capacities(opCase)) {
    const run = async (given: OpCase): Promise<Bytes[]> => {
      const all = variants(given, capacity, device.limits);
      const results: Bytes[] = [];
      for (const { prepared, algorithms } of forced && !defaultsAlone ? all : all.slice(0, 1)) {
        const { problems, bytes } = await runVariant(device, given, prepared);
        failures.push(...problems.map((problem) => `capacity ${capacity}, ${algorithms}: ${problem}`));
        results.push(bytes);
      }
      return results;
    };
    const results = await run(opCase);
    if (!opCase.sameAs || !forced) continue;
    const whole = await run({ ...opCase, limits: opCase.sameAs });
    for (const [index, bytes] of results.entries()) {
      const others = differing(bytes, whole[index]!);
      failures.push(
        ...others.map((name) => `${name} of variant ${index} differs from that of larger dispatches`),
      );
    }
  }
  return failures;
}

async function runVariant(
  device: Device,
  opCase: OpCase,
  prepared: Prepared,
): Promise<{ problems: readonly string[]; bytes: Bytes }> {
  const buffers = new Map(
    [...prepared.contents].map(([slot, { byteLength }]) => [
      slot,
      device.buffers.create('other', slot, byteLength),
    ]),
  );
  const program = await compile(device, prepared.plan, { buffers });
  try {
    return await checkRuns(device, opCase, prepared, program, buffers);
  } finally {
    program.destroy();
    for (const buffer of buffers.values()) device.buffers.destroy('other', buffer);
  }
}

/** The names of those results that are not the same in every bit. */
function differing(results: Bytes, others: Bytes): string[] {
  return [...results.keys()].filter((name) => {
    const other = new Uint32Array(others.get(name)!);
    return new Uint32Array(results.get(name)!).some((word, i) => word !== other[i]);
  });
}

/** The ops and kernels that a case comes by, found without a device. */
export function coverage(opCase: OpCase): { ops: readonly string[]; kernels: readonly string[] } {
  const all = variants(opCase, opCase.rows, EVERY_FEATURE).map(({ prepared }) => prepared);
  return {
    ops: all.flatMap(({ ops }) => ops),
    kernels: all.flatMap(({ plan }) => plan.dispatches.map(({ kernel }) => kernel)),
  };
}

/**
 * The case once with every algorithm that its ops can choose: the n-th variant takes the n-th candidate of each choice,
 * from the first again where a choice has fewer.
 */
function variants(
  opCase: OpCase,
  capacity: number,
  limits: Limits,
): { prepared: Prepared; algorithms: string }[] {
  const all: { prepared: Prepared; algorithms: string }[] = [];
  let most = 1;
  for (let index = 0; index < most; index++) {
    const names = new Set<string>();
    const choose: Chooser = ({ op, candidates }) => {
      most = Math.max(most, candidates.length);
      const name = candidates[index % candidates.length]!;
      names.add(`${op} ${name}`);
      return name;
    };
    const prepared = prepare(opCase, capacity, { ...limits, choose });
    all.push({ prepared, algorithms: [...names].join(', ') });
  }
  return all;
}

/** Programs just large enough, with the ops' defaults, and larger, with every algorithm; one where no shape depends on the rows. */
function capacities({ rows, inputs }: OpCase): { capacity: number; forced: boolean }[] {
  const varies = Object.values(inputs).some(({ shape }) => shape[0] === 'rows');
  const larger = { capacity: varies ? rows + SPARE_ROWS : rows, forced: true };
  return varies ? [{ capacity: rows, forced: false }, larger] : [larger];
}

function prepare(opCase: OpCase, capacity: number, limits: Limits): Prepared {
  const { rows, inputs, losses = {} } = opCase;
  const trace = new Trace();
  const contents = new Map<string, Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>();
  const tensors: Record<string, Tensor> = {};
  let parameterBytes = 0;
  for (const [name, { type, shape, data, parameter }] of Object.entries(inputs)) {
    if (data.length !== elements(shape, rows)) throw new Error(`${name} has ${data.length} elements`);
    if (parameter) {
      tensors[name] = trace.bound(PARAMETERS, type, shape, parameterBytes, name);
      parameterBytes = alignUp(parameterBytes + data.byteLength, ALIGNMENT);
    } else {
      tensors[name] = trace.bound(name, type, shape);
      contents.set(name, padded(data, elements(shape, capacity)));
    }
  }
  if (parameterBytes > 0) {
    const parameters = new Float32Array(parameterBytes / 4);
    for (const [name, { data, parameter }] of Object.entries(inputs)) {
      if (parameter) parameters.set(data, offsetOf(tensors[name]!) / 4);
    }
    contents.set(PARAMETERS, parameters);
    // A gradient must be written before it is added to.
    contents.set(GRADIENTS, new Float32Array(parameters.length).fill(NaN));
  }

  const outputs = opCase.build(trace, tensors);
  const values = inputValues(opCase);
  const expected = opCase.reference.forward(values);
  const results = new Map<string, Result>();
  const tolerance = (name: string): Tolerance => {
    const given = opCase.tolerance[name];
    if (given === undefined) throw new Error(`no tolerance is given for ${name}`);
    return given;
  };
  for (const [name, tensor] of Object.entries(outputs)) {
    const value = expected[name];
    if (!value) throw new Error(`the reference has no output ${name}`);
    results.set(name, { tensor, expected: value, tolerance: tolerance(name), accumulates: false });
  }

  const wanted = Object.keys(inputs).filter((name) => inputs[name]?.wanted);
  if (wanted.length > 0) {
    const cotangents = cotangentsOf(opCase, expected);
    const seeds = new Map<Tensor, Tensor>();
    for (const [name, cotangent] of Object.entries(cotangents)) {
      const output = outputs[name];
      if (!output || name in losses) continue;
      const slot = `d${name}`;
      seeds.set(output, trace.bound(slot, 'f32', output.shape));
      contents.set(slot, padded(Float32Array.from(cotangent), elements(output.shape, capacity)));
    }
    const gradients = differentiate(trace, { wanted: wanted.map((name) => tensors[name]!), seeds });
    const expectedGradients = opCase.reference.backward?.(values, cotangents) ?? {};
    for (const name of wanted) {
      const input = tensors[name]!;
      const parameter = inputs[name]?.parameter === true;
      const tensor = parameter
        ? trace.bound(GRADIENTS, 'f32', input.shape, offsetOf(input))
        : gradients.get(input);
      const value = expectedGradients[name];
      if (!tensor) throw new Error(`${name} got no gradient`);
      if (!value) throw new Error(`the reference has no gradient of ${name}`);
      const result = { tensor, expected: value, tolerance: tolerance(`d${name}`), accumulates: parameter };
      results.set(`d${name}`, result);
    }
  }
  const planned = plan(trace, trace.nodes, {
    capacity,
    limits: { ...limits, ...opCase.limits },
    keep: [...results.values()].map(({ tensor }) => tensor),
  });
  if (planned.dispatches.some(({ kernel }) => kernel === 'half_rows')) {
    for (const [name, result] of results) {
      results.set(name, { ...result, tolerance: inHalfPrecision(result.tolerance) });
    }
  }
  return { plan: planned, ops: trace.nodes.map(({ node }) => node.op.name), contents, results };
}

/**
 * The tolerance where factors are rounded to f16. A factor f of f32's epsilon allows for f terms as large as the result, each
 * rounded by itself; what f such terms make is the root of f times smaller. Rounding both factors of each term then costs
 * at most f16's epsilon, 2^13 times f32's, times the root of f.
 */
function inHalfPrecision(tolerance: Tolerance): Tolerance {
  const wider = (factor: number): number => 2 ** 13 * Math.sqrt(factor);
  if (typeof tolerance === 'number') return wider(tolerance);
  return { ...tolerance, factor: wider(tolerance.factor) };
}

async function checkRuns(
  device: Device,
  { rows, run }: OpCase,
  { contents, results }: Prepared,
  program: Program,
  buffers: ReadonlyMap<string, GPUBuffer>,
): Promise<{ problems: readonly string[]; bytes: Bytes }> {
  const failures: string[] = [];
  const once = async (accumulate: boolean): Promise<Bytes> => {
    for (const [slot, data] of contents) {
      const buffer = buffers.get(slot);
      if (buffer && !(accumulate && slot === GRADIENTS)) device.buffers.write(buffer, data);
    }
    await program.run({ ...run, rows, ...(accumulate && { accumulate }) });
    const bytes = new Map<string, ArrayBuffer>();
    for (const [name, { tensor }] of results) bytes.set(name, await program.read(tensor, rows));
    device.check();
    return bytes;
  };

  const first = await once(false);
  for (const [name, { tensor, expected, tolerance }] of results) {
    const failure = compare(numbers(tensor, first.get(name)!), expected, tensor.shape, tolerance);
    if (failure) failures.push(`${name}${failure}`);
  }
  for (const name of differing(first, await once(false))) {
    failures.push(`${name} differs from one run to the next`);
  }
  const collected = [...results].filter(([, { accumulates }]) => accumulates);
  if (collected.length > 0) {
    const third = await once(true);
    for (const [name, { tensor, expected, tolerance }] of collected) {
      const twice = expected.map((value) => 2 * value);
      const wider =
        typeof tolerance === 'number'
          ? tolerance
          : { factor: tolerance.factor, magnitudes: tolerance.magnitudes.map((value) => 2 * value) };
      const failure = compare(numbers(tensor, third.get(name)!), twice, tensor.shape, wider);
      if (failure) failures.push(`${name}, accumulated,${failure}`);
    }
  }
  return { problems: failures, bytes: first };
}

/** The reference's gradients against central differences of its forward pass, both in float64. */
function checkReference(opCase: OpCase): string[] {
  const { inputs, reference } = opCase;
  const wanted = Object.keys(inputs).filter((name) => inputs[name]?.wanted);
  if (wanted.length === 0) return [];
  const values = inputValues(opCase);
  const cotangents = cotangentsOf(opCase, reference.forward(values));
  const gradients = reference.backward?.(values, cotangents) ?? {};
  const failures: string[] = [];
  for (const name of wanted) {
    const at = values[name]!;
    const gradient = gradients[name];
    if (!gradient || gradient.length !== at.length) return [`the reference's gradient of ${name} is missing`];
    for (const direction of directions(name, at)) {
      const along = (step: number): Float64Array => {
        const moved = at.map((value, i) => value + step * direction[i]!);
        const outputs = reference.forward({ ...values, [name]: moved });
        return Float64Array.from(
          Object.entries(cotangents).flatMap(([output, weights]) =>
            Array.from(weights, (weight, i) => weight * outputs[output]![i]!),
          ),
        );
      };
      const step = 1e-5;
      const above = along(step);
      const below = along(-step);
      const slopes = above.map((value, i) => (value - below[i]!) / (2 * step));
      const measured = sum(slopes);
      const claimed = sum(gradient.map((value, i) => value * direction[i]!));
      // Rounding of the differences, and the third derivative's part, which falls with the step's square.
      const rounding = sum(above.map((value) => Math.abs(value))) * (2 ** -52 / step) * 4;
      const scale =
        sum(slopes.map(Math.abs)) + sum(gradient.map((value, i) => Math.abs(value * direction[i]!)));
      if (!(Math.abs(measured - claimed) <= rounding + 1e-6 * scale)) {
        failures.push(
          `the reference's gradient of ${name} gives ${claimed}, central differences ${measured}`,
        );
      }
    }
  }
  return failures;
}

/** All elements at once, and a few by themselves; steps are in proportion to the values' size. */
function directions(name: string, at: Float64Array): Float64Array[] {
  const typical = at.map(Math.abs).sort()[Math.floor(at.length / 2)] || 1;
  const scaled = (value: number, i: number): number => value * Math.max(typical, Math.abs(at[i]!));
  const whole = Float64Array.from(normal(`direction of ${name}`, at.length)).map(scaled);
  const few = Math.min(8, at.length);
  const single = Array.from({ length: few }, (_, k) => {
    const index = Math.floor((k * (at.length - 1)) / Math.max(1, few - 1));
    return new Float64Array(at.length).map((_, i) => (i === index ? scaled(1, i) : 0));
  });
  return [whole, ...single];
}

function inputValues({ inputs }: OpCase): Arrays {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { data }]) => [name, Float64Array.from(data)]),
  );
}

/** The gradient of each output that has one: random, exact in f32; of losses as the case defines it. */
function cotangentsOf(
  { op, name, seeds, losses = {} }: OpCase,
  outputs: Arrays,
): Record<string, Float64Array> {
  const cotangents: Record<string, Float64Array> = {};
  for (const [output, { length }] of Object.entries(outputs)) {
    const loss = losses[output];
    if (loss !== undefined) cotangents[output] = new Float64Array(length).fill(loss);
    else if (seeds?.includes(output) ?? true) {
      cotangents[output] = Float64Array.from(normal(`${op} ${name} ${output}`, length));
    }
  }
  return cotangents;
}

/** Where results differ most beyond what is allowed, in words; undefined if they agree. */
function compare(
  actual: Float64Array,
  expected: Float64Array,
  shape: Shape,
  tolerance: Tolerance,
): string | undefined {
  if (actual.length !== expected.length) return ` has ${actual.length} elements for ${expected.length}`;
  const factor = typeof tolerance === 'number' ? tolerance : tolerance.factor;
  const magnitudes = typeof tolerance === 'number' ? rowMagnitudes(expected, shape) : tolerance.magnitudes;
  let worst = { excess: 1, index: -1 };
  let wrong = 0;
  expected.forEach((value, index) => {
    const got = actual[index]!;
    if (Object.is(got, value) || got === value) return;
    const allowed = factor * EPSILON * magnitudes[index]! + SMALLEST_NORMAL;
    const excess = Math.abs(got - value) / allowed;
    if (excess <= 1) return;
    wrong++;
    if (!(excess <= worst.excess)) worst = { excess, index };
  });
  if (wrong === 0) return undefined;
  const { index, excess } = worst;
  return (
    `[${index}] is ${actual[index]!}, expected ${expected[index]!}: ` +
    `${excess.toPrecision(3)} times the tolerance, as ${wrong} of ${expected.length} elements`
  );
}

function rowMagnitudes(values: Float64Array, shape: Shape): Float64Array {
  const last = shape.length > 1 ? Number(shape.at(-1)) : 1;
  const magnitudes = new Float64Array(values.length);
  for (let first = 0; first < values.length; first += last) {
    const row = values.subarray(first, first + last);
    const largest = row.reduce(
      (most, value) => (Number.isFinite(value) ? Math.max(most, Math.abs(value)) : most),
      0,
    );
    magnitudes.fill(largest, first, first + last);
  }
  return magnitudes;
}

function padded(
  data: Float32Array | Uint32Array,
  length: number,
): Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer> {
  const whole =
    data instanceof Uint32Array
      ? new Uint32Array(length).fill(0xffffffff)
      : new Float32Array(length).fill(NaN);
  whole.set(data);
  return whole;
}

function numbers(tensor: Tensor, bytes: ArrayBuffer): Float64Array {
  return Float64Array.from(tensor.type === 'u32' ? new Uint32Array(bytes) : new Float32Array(bytes));
}

function offsetOf({ storage }: Tensor): number {
  return storage.kind === 'bound' ? storage.offset : 0;
}

function sum(values: Float64Array): number {
  return values.reduce((total, value) => total + value, 0);
}
