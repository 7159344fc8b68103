import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openFolder } from '../../src/cli/files';
import { productWithTransposed, symmetricEigen } from '../../src/core/linear_algebra';
import { DEFAULTS } from '../../src/core/settings/settings';
import { parseAdapterConfig } from '../../src/formats/peft_config';
import { loraForm } from '../../src/models/adapters/lora_form';
import { Device } from '../../src/gpu/device';
import { Adapter } from '../../src/models/adapter';
import { ADAPTER_CONFIG, ADAPTER_WEIGHTS, adapterFiles } from '../../src/models/adapter_files';
import { readParameter, type AdapterModule, type AdapterState } from '../../src/models/adapters/layout';
import { computeStart, plainAdapter, startBytes } from '../../src/models/adapters/start';
import { readRows } from '../../src/models/base_rows';
import { openCheckpoint } from '../../src/models/files';
import { Generator } from '../../src/models/generation';
import { loadModel } from '../../src/models/load';
import { allLogits } from '../../src/models/logits';
import type { Model } from '../../src/models/model';
import { optimizerPlan } from '../../src/models/optimizers';
import { SequenceCache } from '../../src/models/sequence_cache';
import type { StoredWeights } from '../../src/models/stored/stored_weight';
import { compileTraining } from '../../src/models/training';
import { readTensors } from '../../src/formats/safetensors';
import { gpu } from './dawn';
import { loadFixture, maxError, updatesOf, valuesOf } from './fixtures';
import { loadOnDevice, loadSettingsOf, pissaState, runUpdates } from './load_fixture';

/**
 * PiSSA from its own start. Logits, gradients, answers and updates from PEFT's start are compared with those of the other
 * adapters, in model.test.ts and training.test.ts.
 */
const fixture = loadFixture('pissa/qwen2');
const { expected } = fixture;
const SEED = 5;
const EPSILON = 2 ** -24;

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu, { defaultLimits: true });
});
afterAll(() => {
  device.destroy();
});

/** Rows of the trained pair by its components: A [r, in], and B [out, r] transposed. */
function componentsOf(module: AdapterModule, flat: Float32Array): { A: Float32Array[]; B: Float32Array[] } {
  const [a, b] = module.tensors;
  const [A, B] = [readParameter(flat, a!), readParameter(flat, b!)];
  const { rank, in: input, out } = module;
  return {
    A: Array.from({ length: rank }, (_, j) => A.subarray(j * input, (j + 1) * input)),
    B: Array.from({ length: rank }, (_, j) =>
      Float32Array.from({ length: out }, (_, row) => B[row * rank + j]!),
    ),
  };
}

const length = (values: ArrayLike<number>): number =>
  Math.sqrt(Array.from(values).reduce((sum, value) => sum + value * value, 0));

/** Largest distance of two vectors up to their sign, relative to their length. */
function distance(a: Float32Array, b: Float32Array): number {
  const product = a.reduce((sum, value, k) => sum + value * b[k]!, 0);
  return length(a.map((value, k) => value - Math.sign(product) * b[k]!)) / length(b);
}

/** scale · (B A − B₀ A₀) of a module, [out, in]. */
function change(module: AdapterModule, parameters: Float32Array, start: Float32Array): Float64Array {
  const { out, in: input, scale } = module;
  const [now, before] = [componentsOf(module, parameters), componentsOf(module, start)];
  const delta = new Float64Array(out * input);
  for (let j = 0; j < module.rank; j++) {
    for (let row = 0; row < out; row++) {
      for (let k = 0; k < input; k++) {
        delta[row * input + k]! +=
          scale * (now.B[j]![row]! * now.A[j]![k]! - before.B[j]![row]! * before.A[j]![k]!);
      }
    }
  }
  return delta;
}

describe.each(fixture.variants)('%s', (variant) => {
  let model: Model;
  let stored: StoredWeights;
  let adapter: Adapter;
  let begun: AdapterState;
  beforeAll(async () => {
    const loaded = await loadOnDevice(device, fixture, variant);
    loaded.adapter.destroy();
    ({ model } = loaded);
    ({ stored } = await openCheckpoint(await openFolder(fixture.folder, 'model')));
    adapter = new Adapter(device, loaded.adapter.layout, optimizerPlan(loaded.adapter.layout, DEFAULTS));
    begun = await computeStart(model, { layout: adapter.layout, seed: SEED, stored });
    await adapter.writeStart(model, begun);
  });
  afterAll(() => {
    adapter.destroy();
    model.destroy();
  });

  test('the start is PEFT’s, up to the sign of each component, from the unquantised weights', async () => {
    const theirs = pissaState(adapter.layout, fixture.start!);
    const { stored: dense } = await openCheckpoint(await openFolder(fixture.folder, 'model'));
    const whole = await loadModel(
      device,
      { ...(await openCheckpoint(await openFolder(fixture.folder, 'model'))), stored: dense },
      loadSettingsOf('f32'),
    );
    for (const module of adapter.layout.modules) {
      const { path, out, in: input, rank } = module;
      const W = Float64Array.from(await readRows(whole, `${path}.weight`, { first: 0, count: out }));
      const { values } = symmetricEigen(productWithTransposed(W, W, input));
      const [mine, peft] = [componentsOf(module, begun.parameters), componentsOf(module, theirs.parameters)];
      for (let j = 0; j < rank; j++) {
        // A residual turns a vector by itself over the gap to the next value of σ²; PEFT's own errs as much.
        const gap = Math.min(values[j]! - values[j + 1]!, j > 0 ? values[j - 1]! - values[j]! : Infinity);
        const allowed = (4 * EPSILON * Math.sqrt(out + input) * values[0]!) / gap;
        expect(distance(mine.A[j]!, peft.A[j]!), `${path} A ${j}`).toBeLessThan(allowed);
        expect(distance(mine.B[j]!, peft.B[j]!), `${path} B ${j}`).toBeLessThan(allowed);
      }
    }
    whole.destroy();
  });

  test('it begins as the base', async () => {
    const { input_ids: ids } = expected.batch[1]!;
    const [tuned, base] = [await allLogits(model, adapter, ids), await allLogits(model, undefined, ids)];
    expect(maxError(tuned, base)).toBeLessThanOrEqual(fixture.tolerance(variant, 'logits'));
  });

  test('20 steps of AdamW from it change the base as PEFT’s do', async () => {
    const { settings } = updatesOf(expected, variant);
    const program = await compileTraining(model, adapter, {
      capacity: 128,
      settings: { ...DEFAULTS, ...settings },
    });
    await runUpdates(program, expected, variant);
    await program.metrics();
    const trained = await adapter.readParameters();
    const theirStart = pissaState(adapter.layout, fixture.start!).parameters;
    const errors: number[] = [];
    for (const module of adapter.layout.modules) {
      const theirs = new Float32Array(adapter.layout.size);
      for (const tensor of module.tensors) {
        const values = fixture.exact(variant, `trained.base_model.model.${module.path}.${tensor.file}`);
        theirs.set(padded(Float32Array.from(values), tensor), tensor.offset);
      }
      const ours = change(module, trained, begun.parameters);
      const wanted = change(module, theirs, theirStart);
      errors.push(length(ours.map((value, k) => value - wanted[k]!)) / length(wanted));
    }
    // Where a gradient is next to nothing, Adam's first steps follow its sign, and so the start's rounding.
    expect(Math.max(...errors)).toBeLessThan(1e-3);
    program.destroy();
    await adapter.writeStart(model, begun);
  });

  test('trained, it computes as the plain adapter that it becomes, also token by token', async () => {
    const { parameters } = (await loadAdapter()).state;
    const state = { ...pissaState(adapter.layout, fixture.start!), parameters };
    await adapter.writeStart(model, state);
    const { input_ids: ids } = expected.batch[0]!;
    const all = await allLogits(model, adapter, ids);
    const plain = plainAdapter(model.layout.spec, adapter.layout, state);
    const other = new Adapter(device, plain.layout);
    other.writeParameters(plain.parameters);
    const tolerance = fixture.tolerance(variant, 'logits');
    expect(maxError(await allLogits(model, other, ids), all)).toBeLessThanOrEqual(tolerance);
    const cache = new SequenceCache(model, 64);
    const vocabulary = model.layout.spec.vocabularySize;
    for (const each of [adapter, other]) {
      const generator = await Generator.compile(model, each, cache);
      for (const past of ids.keys()) {
        const logits = await generator.next(ids.slice(past, past + 1), past);
        const row = all.subarray(past * vocabulary, (past + 1) * vocabulary);
        expect(maxError(logits, row), `token ${past}`).toBeLessThanOrEqual(tolerance);
      }
      generator.destroy();
    }
    cache.destroy();
    other.destroy();
    await adapter.writeStart(model, begun);
  });

  async function loadAdapter(): Promise<{ state: AdapterState }> {
    const loaded = await loadOnDevice(device, fixture, variant);
    const state = await loaded.adapter.readAdapter();
    loaded.destroy();
    return { state };
  }
});

/** A part with the zeros that pad its rank. */
function padded(
  values: Float32Array,
  { shape, padded: wide }: AdapterModule['frozen'][number],
): Float32Array {
  const [rows = 0, columns = 0] = shape;
  const stride = wide[1]!;
  const result = new Float32Array(wide[0]! * stride);
  for (let row = 0; row < rows; row++) {
    result.set(values.subarray(row * columns, (row + 1) * columns), row * stride);
  }
  return result;
}

test('it is saved as PEFT converts it', async () => {
  const { model, adapter, destroy } = await loadOnDevice(device, fixture, 'f32');
  const plain = plainAdapter(model.layout.spec, adapter.layout, await adapter.readAdapter());
  const files = adapterFiles({ ...plain, baseModel: 'base' });
  const folder = `${fixture.adapterFolder}/../converted`;
  const read = (name: string): Uint8Array<ArrayBuffer> => new Uint8Array(readFileSync(`${folder}/${name}`));
  const json = (bytes: Uint8Array): Record<string, unknown> =>
    JSON.parse(new TextDecoder().decode(bytes)) as Record<string, unknown>;
  const [ours, theirs] = [files.get(ADAPTER_CONFIG)!, read(ADAPTER_CONFIG)].map(json);
  for (const field of [
    'r',
    'lora_alpha',
    'init_lora_weights',
    'use_rslora',
    'rank_pattern',
    'alpha_pattern',
  ]) {
    expect(ours![field], field).toEqual(theirs![field]);
  }
  expect(() => parseAdapterConfig(theirs, [loraForm])).not.toThrow();
  const mine = readTensors(files.get(ADAPTER_WEIGHTS)!, 'ours').tensors;
  const peft = readTensors(read(ADAPTER_WEIGHTS), 'theirs').tensors;
  expect([...mine.keys()].sort()).toEqual([...peft.keys()].sort());
  for (const name of mine.keys()) {
    const [a, b] = [valuesOf(mine, name), valuesOf(peft, name)];
    // −B₀ is kept with its factor, so it is rounded twice.
    a.forEach((value, k) =>
      expect(Math.abs(value - b[k]!)).toBeLessThanOrEqual(2 * EPSILON * Math.abs(b[k]!)),
    );
  }
  destroy();
});

test('what the start takes on the device is what was planned, and given back', async () => {
  const own = await Device.open(gpu, { defaultLimits: true });
  const { model, adapter, destroy } = await loadOnDevice(own, fixture, 'f32');
  const { layout } = adapter;
  expect(own.buffers.peaks.get('loading')).toBeUndefined();
  await computeStart(model, { layout, seed: SEED });
  expect(own.buffers.peaks.get('loading')).toBe(startBytes(layout, own.limits));
  expect(own.buffers.allocated.get('loading')).toBe(0);

  const stop = new AbortController();
  const request = { layout, seed: SEED, signal: stop.signal };
  let told = 0;
  const stopped = computeStart(model, {
    ...request,
    onProgress: () => {
      if (++told === 3) stop.abort();
    },
  });
  await expect(stopped).rejects.toThrow(/abort/i);
  expect(told).toBe(3);
  expect(own.buffers.allocated.get('loading')).toBe(0);
  destroy();
  own.destroy();
});

test('the same seed gives the same start to the bit; pissa_niter_N nears it the more the larger N is', async () => {
  const { model, adapter, destroy } = await loadOnDevice(device, fixture, 'f32');
  const { layout } = adapter;
  const exact = await computeStart(model, { layout, seed: SEED });
  expect(await computeStart(model, { layout, seed: SEED })).toEqual(exact);
  const none = new Float32Array(layout.size);
  const lost = [];
  for (const rounds of [0, 4, 64]) {
    const settings = { ...layout.settings, init_lora_weights: `pissa_niter_${rounds}` as const };
    const rough = await computeStart(model, { layout: { ...layout, settings }, seed: SEED });
    lost.push(
      layout.modules.reduce((sum, module) => {
        const [a, b] = [change(module, exact.parameters, none), change(module, rough.parameters, none)];
        return sum + length(a) ** 2 - length(b) ** 2;
      }, 0),
    );
  }
  expect(lost[0]).toBeGreaterThan(lost[1]!);
  expect(lost[1]).toBeGreaterThan(lost[2]!);
  expect(lost[2]).toBeGreaterThan(-1e-3);
  destroy();
});
