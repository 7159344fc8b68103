import { dynamicCode } from '../../src/core/dynamic_code';
import { adamScalars } from '../../src/models/optimizers/adamw';
import { lion8bit } from '../../src/ops/lion_8bit';
import { tensorTable, type TensorRecord } from '../../src/ops/tensor_table';
import { blockRecords, bounds, byteOf, elementsOf, nearest, SEVERAL, type Element } from './blocks';
import { describe, integers, normal, type Arrays, type CaseInput, type OpCase } from './case';

interface Parameters {
  readonly step: number;
  readonly weightDecay?: number;
  readonly clip?: number;
  readonly flag?: number;
  readonly ratio?: number;
  readonly limits?: OpCase['limits'];
}

const [beta1, beta2] = [0.9, 0.99];
const learningRate = 1e-3;
const CODE = new Float32Array(dynamicCode(true));
const code1 = Float64Array.from(CODE);
const limits1 = bounds(code1);

/** One step in float64, and the elements of which a sign or a rounding is a close call. */
function stepOf(values: Arrays, records: readonly TensorRecord[], weightDecay: number) {
  const { parameters, gradients, codes1, absmax1, metrics } = values;
  const p = parameters!.slice();
  const close: Element[] = [];
  const all = [...elementsOf(records)].map((element) => {
    const { block, code, at, rate } = element;
    const g = metrics![3]! * gradients![at]!;
    const old = code1[byteOf(codes1!, code)]! * absmax1![block]!;
    const direction = beta1 * old + (1 - beta1) * g;
    if (direction !== 0 && Math.abs(direction) < 1e-6) close.push(element);
    p[at] = p[at]! * (1 - learningRate * rate * weightDecay) - learningRate * rate * Math.sign(direction);
    return { ...element, m: beta2 * old + (1 - beta2) * g };
  });
  const largest = new Float64Array(absmax1!.length);
  for (const { block, m } of all) largest[block] = Math.max(largest[block]!, Math.abs(m));
  // Elements beyond a tensor's end are 0.
  const bytes = new Uint8Array(codes1!.length * 4).fill(nearest(limits1, 0).code);
  for (const element of all) {
    const { block, code, m } = element;
    const found = nearest(limits1, largest[block]! > 0 ? m / largest[block]! : 0);
    bytes[code] = found.code;
    if (found.distance < 1e-5) close.push(element);
  }
  const words = Float64Array.from(new Uint32Array(bytes.buffer));
  return { outputs: { parameters: p, codes1: words, absmax1: largest }, close };
}

function lion8bitCase({ limits, ...parameters }: Parameters): OpCase {
  const { step, weightDecay = 0, clip = 1, flag = 0, ratio = 1 } = parameters;
  const { size, blocks, records } = blockRecords(SEVERAL, ratio);
  const gradients = normal('gradients', size).map((value, i) => (i % 7 === 0 ? 0 : value * 10 ** -(i % 3)));
  const began = step > 1;
  const data = {
    parameters: normal('parameters', size),
    gradients,
    codes1: began ? integers('codes1', blocks * 64, 2 ** 32) : new Uint32Array(blocks * 64),
    absmax1: normal('absmax1', blocks, began ? 0.1 : 0).map(Math.abs),
    metrics: Float32Array.of(1, 2, flag, clip),
    table: tensorTable(records, CODE),
  };
  const arrays = (): Arrays =>
    Object.fromEntries(Object.entries(data).map(([name, array]) => [name, Float64Array.from(array)]));
  // Neither a sign nor a code may depend on how a close call is rounded.
  for (let { close } = stepOf(arrays(), records, weightDecay); close.length > 0;) {
    for (const { at } of close) gradients[at]! += 0.01 / clip;
    ({ close } = stepOf(arrays(), records, weightDecay));
  }
  const inputs = Object.fromEntries(
    Object.entries(data).map(([name, array]): [string, CaseInput] => [
      name,
      { type: array instanceof Uint32Array ? 'u32' : 'f32', shape: [array.length], data: array },
    ]),
  );
  const settings = { adam_beta1: beta1, adam_beta2: beta2, adam_epsilon: 1e-8, weight_decay: weightDecay };
  return {
    op: 'lion_8bit',
    name: describe({ ...parameters, ...limits }),
    rows: 1,
    run: adamScalars(settings, { learningRate, step }),
    limits,
    inputs,
    build(builder, { parameters: p, gradients: g, codes1, absmax1, metrics, table }) {
      const state = { codes1: codes1!, absmax1: absmax1! };
      lion8bit(
        builder,
        { parameters: p!, gradients: g!, metrics: metrics!, table: table!, ...state },
        records,
      );
      return { parameters: p!, ...state };
    },
    reference: {
      forward(given) {
        const { parameters: p, codes1, absmax1 } = given;
        if (flag !== 0) return { parameters: p!, codes1: codes1!, absmax1: absmax1! };
        return stepOf(given, records, weightDecay).outputs;
      },
    },
    // A handful of roundings each; codes are exact.
    tolerance: {
      parameters: {
        factor: 4,
        magnitudes: Float64Array.from(data.parameters, (value) => Math.abs(value) + ratio * learningRate),
      },
      codes1: 0,
      absmax1: { factor: 4, magnitudes: new Float64Array(blocks).fill(0.2) },
    },
  };
}

export const cases: readonly OpCase[] = [
  lion8bitCase({ step: 1 }),
  lion8bitCase({ step: 9, clip: 0.125, ratio: 16, weightDecay: 0.1 }),
  lion8bitCase({ step: 9, flag: 1 }),
  lion8bitCase({ step: 3, limits: { maxStorageBufferBindingSize: 12_288 } }),
];
