import { expect, test } from 'vitest';
import { TunesmithError } from '../../../../src/core/errors';
import { normal, streamOf } from '../../../../src/core/random';
import { MIX_DEFAULTS, parseMixSettings } from '../../../../src/core/settings/mixing';
import { readSpec } from '../../../../src/models/config';
import { adapterLayout, readParameter } from '../../../../src/models/adapters/layout';
import { mixAdapters, type WeightedAdapter } from '../../../../src/models/adapters/mixing';
import type { AdapterSettings } from '../../../../src/models/adapters/settings';
import { CONFIG } from '../made_up';

/** Mixes of the values of PEFT are in tests/parity/mixing.test.ts. */
const spec = readSpec(CONFIG);

function refused(work: () => unknown): TunesmithError {
  try {
    work();
  } catch (error) {
    if (error instanceof TunesmithError) return error;
  }
  throw new Error('nothing was refused');
}

function adapter(name: string, settings: Partial<AdapterSettings> = {}, weight = 1): WeightedAdapter {
  const layout = adapterLayout(spec, { r: 4, lora_alpha: 8, target_modules: ['q_proj'], ...settings });
  const parameters = new Float32Array(layout.size).map((_, i) => normal(1, streamOf(name), i));
  return { name, weight, adapter: { layout, parameters, frozen: new Float32Array(layout.frozenSize) } };
}

test('DARE keeps the share of the density, the same for the same seed', () => {
  const settings = { combination_type: 'dare_linear', density: 0.25, seed: 7 };
  const mix = (seed = 7) =>
    mixAdapters(spec, [adapter('one'), adapter('two', {}, 0)], parseMixSettings({ ...settings, seed }));
  const { layout, parameters } = mix();
  const A = readParameter(parameters, layout.tensors[0]!);
  const share = A.filter((value) => value !== 0).length / A.length;
  // Five standard deviations of a mean of that many draws.
  expect(Math.abs(share - 0.25)).toBeLessThan(5 * Math.sqrt((0.25 * 0.75) / A.length));
  expect(mix().parameters).toEqual(parameters);
  expect(mix(8).parameters).not.toEqual(parameters);
});

test('a mix of adapters of different layers has the linear maps of both', () => {
  const mixed = mixAdapters(
    spec,
    [adapter('one', { layers_to_transform: [0] }), adapter('two', { layers_to_transform: [1], r: 6 })],
    parseMixSettings({ combination_type: 'cat' }),
  );
  expect(mixed.layout.modules.map(({ path, rank }) => [path, rank])).toEqual([
    ['model.layers.0.self_attn.q_proj', 10],
    ['model.layers.1.self_attn.q_proj', 10],
  ]);
  expect(mixed.layout.settings).toMatchObject({ target_modules: ['q_proj'], layers_to_transform: null });
});

test('a mix with rsLoRA has no other factor than its weights', () => {
  const rows = (use_rslora: boolean) => {
    const alpha = use_rslora ? 4 : 8;
    const one = adapter('one', { use_rslora, lora_alpha: alpha });
    const { layout, parameters } = mixAdapters(spec, [one], MIX_DEFAULTS);
    expect(layout.modules[0]!.scale).toBe(1);
    return parameters;
  };
  // 4 / √4 and 8 / 4 are the same scale.
  expect(rows(true)).toEqual(rows(false));
});

test('ranks that differ are refused where matrices are added', () => {
  const adapters = [adapter('one'), adapter('two', { r: 2 })];
  for (const combination_type of ['linear', 'ties', 'dare_linear', 'dare_ties']) {
    expect(refused(() => mixAdapters(spec, adapters, parseMixSettings({ combination_type })))).toMatchObject({
      code: 'mix_ranks',
      values: { ranks: [4, 2] },
    });
  }
});

test('DoRA is refused by name', () => {
  const adapters = [adapter('one'), adapter('two', { use_dora: true })];
  expect(refused(() => mixAdapters(spec, adapters, MIX_DEFAULTS))).toMatchObject({
    code: 'mix_not_low_rank',
    values: { name: 'two', kind: 'DoRA' },
  });
});
