import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alignUp } from '../../src/core/align';
import { dynamicCode } from '../../src/core/dynamic_code';
import { DEFAULTS } from '../../src/core/settings/settings';
import { readTensors } from '../../src/formats/safetensors';
import { Device } from '../../src/gpu/device';
import { GRADIENTS, PARAMETERS } from '../../src/graph/differentiate';
import { readParameter, writeParameter, type AdapterTensor } from '../../src/models/adapters/layout';
import { namedTensors } from '../../src/models/adapter_files';
import { optimizerPlan } from '../../src/models/optimizers';
import type { FlatTensor } from '../../src/models/optimizers/optimizer';
import { compileTraining } from '../../src/models/training';
import { learningRateMultiplier, scheduleOf } from '../../src/train/schedule';
import { gpu } from './dawn';
import { loadFixture, maxError, updatesOf, valuesOf } from './fixtures';
import { batchOf, loadOnDevice } from './load_fixture';
import { gradient, optimizerOnDevice, partOf, type OptimizerOnDevice } from './optimizer_device';

/** The output of make_optimizers.py. */

interface Run {
  readonly value: number | readonly number[];
  readonly torch_error: Readonly<Record<string, number>>;
}

interface Expected {
  readonly adamw_8bit: {
    readonly learning_rate: number;
    readonly adam_beta1: number;
    readonly adam_beta2: number;
    readonly adam_epsilon: number;
    readonly weight_decay: number;
    readonly shapes: Readonly<Record<string, readonly [number, number]>>;
    readonly stored: readonly number[];
  };
  readonly tolerance_factor: number;
  readonly loraplus: Run & { readonly value: readonly number[]; readonly loraplus_lr_ratio: number };
  readonly label_smoothing: Run & { readonly value: number; readonly label_smoothing_factor: number };
}

const folder = fileURLToPath(new URL('fixtures/optimizers/', import.meta.url));
const expected = JSON.parse(readFileSync(`${folder}expected.json`, 'utf8')) as Expected;
const tensorsOf = (name: string) => readTensors(new Uint8Array(readFileSync(`${folder}${name}`))).tensors;

const exact = tensorsOf('expected.safetensors');

/** Every tensor of a kind (all A, say) is as close to float64 as `tolerance_factor` times torch's float32 is. */
function expectClose(
  { torch_error }: Run,
  run: string,
  tensors: ReturnType<typeof namedTensors>,
  read: (tensor: AdapterTensor) => Float32Array,
): void {
  const valuesFor = (name: string): Float64Array =>
    new Float64Array(exact.get(`${run}.${name}`)!.data.slice().buffer);
  const largest = (values: Float64Array): number =>
    values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  for (const kind of ['lora_A', 'lora_B']) {
    const names = Object.keys(torch_error).filter((name) => name.includes(kind));
    const relative = Math.max(...names.map((name) => torch_error[name]! / largest(valuesFor(name))));
    const own = tensors.filter((each) => each.name.includes(kind));
    expect(own.length).toBe(names.length);
    for (const { name, tensor } of own) {
      const values = valuesFor(name);
      const allowed = expected.tolerance_factor * relative * largest(values);
      expect(maxError(read(tensor), values), name).toBeLessThanOrEqual(allowed);
    }
  }
}

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu, { defaultLimits: true });
});
afterAll(() => {
  device.destroy();
});

describe('AdamW with moments in 8 bits', () => {
  const states = tensorsOf('adamw_8bit.safetensors');
  const { shapes, stored, ...given } = expected.adamw_8bit;
  const settings = { ...DEFAULTS, ...given, optim: 'adamw_8bit' as const };
  let size = 0;
  const tensors = Object.entries(shapes).map(([name, shape]): FlatTensor => {
    // The rank of a B is padded, which must not reach the blocks.
    const padded = [shape[0], alignUp(shape[1], 4)];
    const tensor = { name, offset: size, shape, padded };
    size += alignUp(shape[0] * alignUp(shape[1], 4), 64);
    return tensor;
  });
  const layout = { size, tensors };
  const optimizer = optimizerPlan(layout, settings);
  const large = tensors.filter(({ shape }) => shape[0]! * shape[1]! >= 4096);
  const small = tensors.filter((tensor) => !large.includes(tensor));
  const blocksBefore = (name: string): number =>
    large
      .slice(
        0,
        large.findIndex((tensor) => tensor.name === name),
      )
      .reduce((sum, { shape }) => sum + Math.ceil((shape[0]! * shape[1]!) / 256), 0);
  const bytes = (name: string): Uint8Array => states.get(name)!.data;

  test('has the codes of bitsandbytes', () => {
    expect(dynamicCode(true)).toEqual(valuesOf(states, 'signed'));
    expect(dynamicCode(false)).toEqual(valuesOf(states, 'unsigned'));
  });

  test('keeps moments of 4,095 elements in f32 and of 4,096 in codes', () => {
    expect(small.map(({ name }) => name)).toEqual(['below']);
    for (const { name } of tensors) {
      expect(states.get(`1.${name}.state1`)!.dtype, name).toBe(name === 'below' ? 'F32' : 'U8');
    }
  });

  const onDevice = (): Promise<OptimizerOnDevice> => optimizerOnDevice(device, layout, optimizer);

  /** Puts bitsandbytes' state after a step into the buffers; after step 0 the state before the first. */
  function writeState({ of }: OptimizerOnDevice, step: number): void {
    const flat = new Float32Array(size);
    for (const [index, tensor] of tensors.entries()) {
      const { name, shape } = tensor;
      const count = shape[0]! * shape[1]!;
      const values =
        step === 0 ? gradient(index, 1000, count) : valuesOf(states, `${step}.${name}.parameter`);
      writeParameter(flat, partOf(tensor), values);
      if (step === 0) continue;
      for (const moment of [1, 2]) {
        const state = bytes(`${step}.${name}.state${moment}`);
        if (!large.includes(tensor)) {
          const padded = new Float32Array(alignUp(tensor.padded[0]! * tensor.padded[1]!, 64));
          writeParameter(
            padded,
            { ...partOf(tensor), offset: 0 },
            valuesOf(states, `${step}.${name}.state${moment}`),
          );
          device.buffers.write(of(`moment${moment}`), padded);
          continue;
        }
        const codes = new Uint8Array(alignUp(count, 256));
        codes.set(state);
        device.buffers.write(of(`codes${moment}`), codes, blocksBefore(name) * 256);
        const absmax = Float32Array.from(valuesOf(states, `${step}.${name}.absmax${moment}`));
        device.buffers.write(of(`absmax${moment}`), absmax, blocksBefore(name) * 4);
      }
    }
    device.buffers.write(of(PARAMETERS), flat);
  }

  const read = async (buffers: OptimizerOnDevice, name: string) =>
    new Uint8Array(await device.buffers.read(buffers.of(name)));

  /** Codes that differ from bitsandbytes' after a step, the most by which one does, and the parameters' largest error. */
  async function compared(buffers: OptimizerOnDevice, step: number) {
    const flat = new Float32Array((await read(buffers, PARAMETERS)).buffer);
    const codes = [await read(buffers, 'codes1'), await read(buffers, 'codes2')];
    const absmax = [await read(buffers, 'absmax1'), await read(buffers, 'absmax2')];
    let [differing, all, furthest, parameters, scales] = [0, 0, 0, 0, 0];
    for (const tensor of tensors) {
      const { name, shape } = tensor;
      const exact = valuesOf(states, `${step}.${name}.parameter`);
      parameters = Math.max(parameters, maxError(readParameter(flat, partOf(tensor)), exact));
      if (!large.includes(tensor)) continue;
      for (const moment of [0, 1]) {
        const theirs = bytes(`${step}.${name}.state${moment + 1}`);
        const ours = codes[moment]!.subarray(blocksBefore(name) * 256);
        theirs.forEach((code, i) => {
          all++;
          if (code !== ours[i]) differing++;
          furthest = Math.max(furthest, Math.abs(code - ours[i]!));
        });
        const own = new Float32Array(absmax[moment]!.buffer).subarray(blocksBefore(name));
        const their = valuesOf(states, `${step}.${name}.absmax${moment + 1}`);
        their.forEach((value, i) => (scales = Math.max(scales, Math.abs(own[i]! / value - 1))));
        expect(Math.ceil((shape[0]! * shape[1]!) / 256)).toBe(their.length);
      }
    }
    return { differing: differing / all, furthest, parameters, scales };
  }

  test.each(stored.flatMap((step) => (stored.includes(step - 1) || step === 1 ? [step] : [])))(
    'makes of bitsandbytes’ state the next one, step %i',
    async (step) => {
      const buffers = await onDevice();
      writeState(buffers, step - 1);
      await buffers.step({ learningRate: settings.learning_rate, step });
      const { differing, furthest, parameters, scales } = await compared(buffers, step);
      // A handful of roundings each, of values up to 1. A quotient that the two round apart is between the same two codes.
      expect(scales).toBeLessThanOrEqual(8 * 2 ** -23);
      expect(parameters).toBeLessThanOrEqual(16 * 2 ** -23);
      expect(furthest).toBeLessThanOrEqual(1);
      // f32's epsilon over the distance of codes, of which the closest are 1 % apart: one in 10^4 values at the most.
      expect(differing).toBeLessThanOrEqual(1e-4);
      buffers.destroy();
    },
  );

  test('goes 25 steps from the same start to the same state', async () => {
    const buffers = await onDevice();
    writeState(buffers, 0);
    for (let step = 1; step <= 25; step++) await buffers.step({ learningRate: settings.learning_rate, step });
    const { differing, furthest, scales } = await compared(buffers, 25);
    expect(furthest).toBeLessThanOrEqual(1);
    expect(differing).toBeLessThanOrEqual(25e-4);
    expect(scales).toBeLessThanOrEqual(0.01);
    buffers.destroy();
  });
});

test('LoRA+ goes 20 steps as peft’s optimiser', async () => {
  const fixture = loadFixture('llama');
  const { loraplus, tolerance_factor } = expected;
  const { settings: given, train, ...numbers } = updatesOf(fixture.expected, 'f32');
  const settings = { ...DEFAULTS, ...given, loraplus_lr_ratio: loraplus.loraplus_lr_ratio };
  const { model, adapter, destroy } = await loadOnDevice(device, fixture, 'f32', settings);
  const start = await adapter.readParameters();
  for (const { name, tensor } of namedTensors(adapter.layout)) {
    if (name.includes('lora_B'))
      writeParameter(start, tensor, new Float32Array(tensor.shape[0]! * tensor.shape[1]!));
  }
  adapter.writeParameters(start);
  const program = await compileTraining(model, adapter, { capacity: 128, settings });
  const schedule = scheduleOf(settings, given.max_steps);
  let counter = 0;
  for (const [step, window] of train.micro_batches.entries()) {
    const batches = window.map((indices) => batchOf(indices.map((index) => train.examples[index]!)));
    const windowTerms = numbers.target_tokens[step]!;
    for (const [index, batch] of batches.entries()) {
      await program.microBatch(batch, {
        accumulate: index > 0,
        windowTerms,
        seed: 0,
        counter: counter++,
      });
    }
    const learningRate = given.learning_rate * learningRateMultiplier(schedule, step);
    await program.optimizerStep({ learningRate, step: step + 1 });
  }
  const losses = (await program.metrics()).map(({ loss }) => loss);
  expect(maxError(losses, loraplus.value)).toBeLessThanOrEqual(
    tolerance_factor * loraplus.torch_error['value']!,
  );
  const parameters = await adapter.readParameters();
  expectClose(loraplus, 'loraplus', namedTensors(adapter.layout), (tensor) =>
    readParameter(parameters, tensor),
  );
  program.destroy();
  destroy();
});

test('smoothed targets give transformers’ loss and gradients, in training and in evaluation', async () => {
  const fixture = loadFixture('llama');
  const { label_smoothing: smoothing, tolerance_factor } = expected;
  const settings = { ...DEFAULTS, label_smoothing_factor: smoothing.label_smoothing_factor };
  const { model, adapter, destroy } = await loadOnDevice(device, fixture, 'f32', settings);
  const program = await compileTraining(model, adapter, { capacity: 64, settings });
  const batch = batchOf(fixture.expected.batch);
  const windowTerms = batch.targetTokens;
  await program.microBatch(batch, { accumulate: false, windowTerms, seed: 0, counter: 0 });
  const gradients = new Float32Array(await device.buffers.read(adapter.buffers.get(GRADIENTS)!));
  await program.optimizerStep({ learningRate: 0, step: 1 });
  const [metrics] = await program.metrics();
  const allowed = tolerance_factor * smoothing.torch_error['value']!;
  expect(Math.abs(metrics!.loss - smoothing.value)).toBeLessThanOrEqual(allowed);
  const sums = await program.evaluate(batch);
  expect(Math.abs(sums.loss / windowTerms - smoothing.value)).toBeLessThanOrEqual(allowed);
  // The metric is the loss without smoothing.
  const plain = fixture.expected.variants.f32!.loss;
  expect(Math.abs(metrics!.metrics['nll_loss']! - plain)).toBeLessThanOrEqual(allowed);
  expect(Math.abs(sums.metrics['nll_loss']! / windowTerms - plain)).toBeLessThanOrEqual(allowed);
  expectClose(smoothing, 'label_smoothing', namedTensors(adapter.layout), (tensor) =>
    readParameter(gradients, tensor),
  );
  program.destroy();
  destroy();
});
