import { adamScalars } from '../../src/models/optimizers/adamw';
import { dynamicCodes } from '../../src/models/optimizers/adamw_8bit';
import { adamw8bit } from '../../src/ops/adamw_8bit';
import { tensorTable, type TensorRecord } from '../../src/ops/tensor_table';
import {
  blockRecords,
  bounds,
  SEVERAL as several,
  byteOf,
  elementsOf,
  nearest,
  type Element,
} from './blocks';
import { describe, integers, normal, type Arrays, type CaseInput, type OpCase } from './case';

interface Parameters {
  /** [rows, columns, stride] of each tensor. */
  readonly tensors: readonly (readonly [number, number, number])[];
  readonly step: number;
  readonly weightDecay?: number;
  readonly clip?: number;
  readonly flag?: number;
  /** The learning rate of every second tensor over that of the others. */
  readonly ratio?: number;
  /** The size of the gradients. */
  readonly scale?: number;
  readonly limits?: OpCase['limits'];
}

const settings = { adam_beta1: 0.9, adam_beta2: 0.999, adam_epsilon: 1e-8 };
const LEARNING_RATE = 1e-3;
const CODES = dynamicCodes();
const code1 = Float64Array.from(CODES.subarray(0, 256));
const code2 = Float64Array.from(CODES.subarray(256));

const bounds1 = bounds(code1);
const bounds2 = bounds(code2);

/** One step in float64, the elements of which a rounding is a close call, and the sizes of what makes the parameters. */
function stepOf(values: Arrays, records: readonly TensorRecord[], scalars: ReturnType<typeof adamScalars>) {
  const { parameters, gradients, codes1, codes2, absmax1, absmax2, metrics } = values;
  const { learningRate = 0, weightDecay = 0, beta1 = 0, beta2 = 0, epsilon = 0 } = scalars;
  const { biasCorrection1 = 1, biasCorrection2 = 1 } = scalars;
  const p = parameters!.slice();
  const sizes = p.map(Math.abs);
  const all = [...elementsOf(records)].map((element) => {
    const g = metrics![3]! * gradients![element.at]!;
    const { block, code, at, rate } = element;
    const kept = beta1 * code1[byteOf(codes1!, code)]! * absmax1![block]!;
    const m = kept + (1 - beta1) * g;
    const v = beta2 * code2[byteOf(codes2!, code)]! * absmax2![block]! + (1 - beta2) * g * g;
    const root = Math.sqrt(v) / Math.sqrt(biasCorrection2) + epsilon;
    const lr = learningRate * rate;
    sizes[at]! += ((lr / biasCorrection1) * (Math.abs(kept) + Math.abs((1 - beta1) * g))) / root;
    p[at] = p[at]! * (1 - lr * weightDecay) - ((lr / biasCorrection1) * m) / root;
    return { ...element, m, v };
  });
  const largest1 = new Float64Array(absmax1!.length);
  const largest2 = new Float64Array(absmax2!.length);
  for (const { block, m, v } of all) {
    largest1[block] = Math.max(largest1[block]!, Math.abs(m));
    largest2[block] = Math.max(largest2[block]!, v);
  }
  // Elements beyond a tensor's end are 0.
  const bytes1 = new Uint8Array(codes1!.length * 4).fill(nearest(bounds1, 0).code);
  const bytes2 = new Uint8Array(codes2!.length * 4).fill(nearest(bounds2, 0).code);
  const close: Element[] = [];
  for (const element of all) {
    const { block, code, m, v } = element;
    const one = nearest(bounds1, largest1[block]! > 0 ? m / largest1[block]! : 0);
    const two = nearest(bounds2, largest2[block]! > 0 ? v / largest2[block]! : 0);
    bytes1[code] = one.code;
    bytes2[code] = two.code;
    if (Math.min(one.distance, two.distance) < 1e-5) close.push(element);
  }
  const words = (bytes: Uint8Array): Float64Array => Float64Array.from(new Uint32Array(bytes.buffer));
  const outputs = {
    parameters: p,
    codes1: words(bytes1),
    codes2: words(bytes2),
    absmax1: largest1,
    absmax2: largest2,
  };
  return { outputs, close, sizes };
}

function adamw8bitCase({ limits, ...parameters }: Parameters): OpCase {
  const { tensors, step, weightDecay = 0, clip = 1, flag = 0, ratio = 1, scale = 1 } = parameters;
  const { size, blocks, records } = blockRecords(tensors, ratio);
  const values = normal('parameters', size);
  const gradients = normal('gradients', size, scale).map((value, i) =>
    i % 7 === 0 ? 0 : value * 10 ** -(i % 5),
  );
  const began = step > 1;
  const codes = (name: string): Uint32Array<ArrayBuffer> =>
    began ? integers(name, blocks * 64, 2 ** 32) : new Uint32Array(blocks * 64);
  const absmax = (name: string, most: number): Float32Array<ArrayBuffer> =>
    normal(name, blocks, began ? most : 0).map(Math.abs);
  const data = {
    parameters: values,
    gradients,
    codes1: codes('codes1'),
    codes2: codes('codes2'),
    absmax1: absmax('absmax1', 0.1 * scale),
    absmax2: absmax('absmax2', 0.01 * scale * scale),
    metrics: Float32Array.of(1, 2, flag, clip),
    table: tensorTable(records, CODES),
  };
  const scalars = adamScalars(
    { ...settings, weight_decay: weightDecay },
    { learningRate: LEARNING_RATE, step },
  );
  const arrays = (): Arrays =>
    Object.fromEntries(Object.entries(data).map(([name, array]) => [name, Float64Array.from(array)]));
  // No code may depend on how a value near the middle of two is rounded.
  for (let close = stepOf(arrays(), records, scalars).close; close.length > 0;) {
    for (const { at } of close) gradients[at]! += 0.01 * scale;
    close = stepOf(arrays(), records, scalars).close;
  }
  const inputs = Object.fromEntries(
    Object.entries(data).map(([name, array]): [string, CaseInput] => [
      name,
      { type: array instanceof Uint32Array ? 'u32' : 'f32', shape: [array.length], data: array },
    ]),
  );
  return {
    op: 'adamw_8bit',
    name: describe({ ...parameters, tensors: tensors.map((shape) => shape.join('×')).join(' '), ...limits }),
    rows: 1,
    run: scalars,
    limits,
    inputs,
    build(builder, given) {
      const { parameters: p, gradients: g, metrics, table } = given;
      const state = {
        codes1: given['codes1']!,
        codes2: given['codes2']!,
        absmax1: given['absmax1']!,
        absmax2: given['absmax2']!,
      };
      adamw8bit(
        builder,
        { parameters: p!, gradients: g!, metrics: metrics!, table: table!, ...state },
        records,
      );
      return { parameters: p!, ...state };
    },
    reference: {
      forward(given) {
        const { parameters: p, codes1, codes2, absmax1, absmax2 } = given;
        if (flag === 0) return stepOf(given, records, scalars).outputs;
        return { parameters: p!, codes1: codes1!, codes2: codes2!, absmax1: absmax1!, absmax2: absmax2! };
      },
    },
    // As AdamW's; codes are exact.
    tolerance: {
      parameters: {
        factor: 4,
        magnitudes: stepOf(arrays(), records, scalars).sizes,
      },
      codes1: 0,
      codes2: 0,
      absmax1: { factor: 4, magnitudes: new Float64Array(blocks).fill(5 * scale) },
      absmax2: 8,
    },
  };
}

export const cases: readonly OpCase[] = [
  adamw8bitCase({ tensors: several, step: 1 }),
  adamw8bitCase({ tensors: several, step: 2, weightDecay: 0.1 }),
  adamw8bitCase({ tensors: several, step: 1000, clip: 0.03125, ratio: 16, weightDecay: 0.01 }),
  adamw8bitCase({ tensors: [[8, 512, 512]], step: 10, scale: 1e-9 }),
  adamw8bitCase({ tensors: [[8, 512, 512]], step: 10, scale: 1e15 }),
  adamw8bitCase({ tensors: several, step: 1, scale: 0 }),
  adamw8bitCase({ tensors: several, step: 10, flag: 1 }),
  adamw8bitCase({
    tensors: [
      [64, 64, 64],
      [700, 5, 8],
      [3, 1000, 1000],
    ],
    step: 3,
    limits: { maxStorageBufferBindingSize: 24_576 },
  }),
  adamw8bitCase({ tensors: [[20, 300, 300]], step: 3, limits: { maxComputeWorkgroupsPerDimension: 5 } }),
];
