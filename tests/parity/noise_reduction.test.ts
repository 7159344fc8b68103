import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openFolder } from '../../src/cli/files';
import { Device } from '../../src/gpu/device';
import { readAdapterFiles } from '../../src/models/adapter_files';
import { partValues } from '../../src/models/adapters/layout';
import { reduceNoise } from '../../src/models/adapters/noise_reduction';
import { openCheckpoint } from '../../src/models/files';
import { loadModel } from '../../src/models/load';
import { gpu } from './dawn';
import { loadFixture } from './fixtures';
import { loadSettingsOf } from './load_fixture';

interface Expected {
  readonly rank: number;
  readonly similarity: number;
  readonly norm: number;
  readonly corner: readonly (readonly number[])[];
}

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu);
});
afterAll(() => device.destroy());

describe.each(['qwen2', 'llama', 'qwen3'] as const)('the adapter of %s without noise', (name) => {
  it('has the ranks, similarities and changes that the paper’s method gives', async () => {
    const stored = new URL('fixtures/noise_reduction.json', import.meta.url);
    const expected = (JSON.parse(await readFile(stored, 'utf8')) as Record<string, Record<string, Expected>>)[
      name
    ]!;
    const { folder, adapterFolder } = loadFixture(name);
    const checkpoint = await openCheckpoint(await openFolder(folder, 'model'));
    const model = await loadModel(device, checkpoint, loadSettingsOf('f32'), () => undefined);
    try {
      const before = await readAdapterFiles(await openFolder(adapterFolder, 'adapter'), checkpoint.spec);
      const after = await reduceNoise(model, before);
      expect(after.modules).toHaveLength(Object.keys(expected).length);
      for (const [index, { path, from, to, similarity }] of after.modules.entries()) {
        const theirs = expected[path]!;
        expect([from, to], path).toEqual([before.layout.modules[index]!.rank, theirs.rank]);
        // Vectors from products in float32.
        expect(Math.abs(similarity - theirs.similarity), path).toBeLessThan(1e-4);
        const module = after.layout.modules[index]!;
        expect(module.rank).toBe(theirs.rank);
        expect(module.scale).toBeCloseTo(before.layout.modules[index]!.scale, 12);
        const { lora_A: A, lora_B: B } = partValues(module, after);
        const change = (row: number, k: number): number =>
          Array.from({ length: to }, (_, j) => B![row * to + j]! * A![j * module.in + k]!).reduce(
            (sum, value) => sum + value,
          );
        let square = 0;
        for (let row = 0; row < module.out; row++) {
          for (let k = 0; k < module.in; k++) square += change(row, k) ** 2;
        }
        // Both factors are rounded to float32 once.
        const rounding = 4 * 2 ** -24 * theirs.norm;
        expect(Math.abs(Math.sqrt(square) - theirs.norm), path).toBeLessThan(rounding);
        theirs.corner.forEach((values, row) =>
          values.forEach((value, k) => expect(Math.abs(change(row, k) - value), path).toBeLessThan(rounding)),
        );
      }
      // The ranks of the modules are patterns now, which a second reduction replaces.
      const again = await reduceNoise(model, after);
      again.layout.modules.forEach((module, index) => {
        const { from, to } = again.modules[index]!;
        expect([after.layout.modules[index]!.rank, module.rank]).toEqual([from, to]);
        expect(module.scale).toBeCloseTo(after.layout.modules[index]!.scale, 12);
      });
    } finally {
      model.destroy();
    }
  });
});
