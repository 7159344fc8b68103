import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openFolder } from '../../src/cli/files';
import { pairSvd } from '../../src/core/pair_svd';
import { Device } from '../../src/gpu/device';
import { readAdapterFiles } from '../../src/models/adapter_files';
import { adapterLayout, partValues, type AdapterModule } from '../../src/models/adapters/layout';
import { computeStart, plainAdapter } from '../../src/models/adapters/start';
import { readRows } from '../../src/models/base_rows';
import { openCheckpoint, type Checkpoint } from '../../src/models/files';
import { loadModel } from '../../src/models/load';
import type { Model } from '../../src/models/model';
import { gpu } from './dawn';
import { loadFixture } from './fixtures';

interface Expected {
  /** ‖W − NF4(W)‖, and that of what the pair leaves of it. */
  readonly error: number;
  readonly left: number;
  readonly values: readonly number[];
}

const fixture = loadFixture('qwen2');

let device: Device;
let checkpoint: Checkpoint;
let nf4: Model;
let whole: Model;
beforeAll(async () => {
  device = await Device.open(gpu);
  const folder = await openFolder(fixture.folder, 'model');
  checkpoint = await openCheckpoint(folder);
  // PEFT's LoftQ quantises the scales of the blocks no further.
  const load = { bnb_4bit_use_double_quant: false, dtype: 'auto' as const };
  nf4 = await loadModel(device, checkpoint, { ...load, load_in_4bit: true }, () => undefined);
  const again = await openCheckpoint(folder);
  whole = await loadModel(device, again, { ...load, load_in_4bit: false }, () => undefined);
});
afterAll(() => {
  nf4.destroy();
  whole.destroy();
  device.destroy();
});

test('the start leaves as little of the quantisation error as PEFT’s, and becomes plain LoRA', async () => {
  const stored = new URL('fixtures/loftq.json', import.meta.url);
  const expected = JSON.parse(await readFile(stored, 'utf8')) as Record<string, Expected>;
  const { layout: plain } = await readAdapterFiles(
    await openFolder(fixture.adapterFolder, 'adapter'),
    checkpoint.spec,
  );
  const layout = adapterLayout(checkpoint.spec, { ...plain.settings, init_lora_weights: 'loftq' });
  expect(layout.kind.name).toBe('loftq');
  const state = await computeStart(nf4, { layout, seed: 1, stored: checkpoint.stored });
  expect(layout.modules).toHaveLength(Object.keys(expected).length);
  for (const module of layout.modules) {
    const theirs = expected[module.path]!;
    const { lora_A: A, lora_B: B } = partValues(module, state);
    const scaled = B!.map((value) => value * module.scale);
    const { S } = pairSvd({ A: A!, B: scaled }, module.rank);
    // Vectors from products in float32.
    const rounding = 1e-4 * theirs.values[0]!;
    S.forEach((value, j) => expect(Math.abs(value - theirs.values[j]!), module.path).toBeLessThan(rounding));
    const { error, left } = await distances(module, A!, scaled);
    expect(Math.abs(error - theirs.error), module.path).toBeLessThan(1e-5 * theirs.error);
    expect(Math.abs(left - theirs.left), module.path).toBeLessThan(1e-4 * theirs.left);
    expect(left).toBeLessThan(error);
  }
  const other = plainAdapter(checkpoint.spec, layout, state);
  expect(other.layout.settings).toEqual(plain.settings);
  expect(other.parameters).toEqual(state.parameters);
});

/** ‖W − Q‖ and ‖W − Q − B A‖ of a module. @param B times the scale */
async function distances(
  { path, out, in: input, rank }: AdapterModule,
  A: Float32Array,
  B: Float32Array,
): Promise<{ error: number; left: number }> {
  const run = { first: 0, count: out };
  const [W, Q] = [await readRows(whole, `${path}.weight`, run), await readRows(nf4, `${path}.weight`, run)];
  let [error, left] = [0, 0];
  for (let row = 0; row < out; row++) {
    for (let k = 0; k < input; k++) {
      const rest = W[row * input + k]! - Q[row * input + k]!;
      let product = 0;
      for (let j = 0; j < rank; j++) product += B[row * rank + j]! * A[j * input + k]!;
      error += rest ** 2;
      left += (rest - product) ** 2;
    }
  }
  return { error: Math.sqrt(error), left: Math.sqrt(left) };
}
