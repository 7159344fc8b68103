import { expect, test } from 'vitest';
import { DEFAULTS } from '../../../src/core/settings/settings';
import { adapterLayout, initialAdapter } from '../../../src/models/adapters/layout';
import { adapterId } from '../../../src/session/adapter_id';
import type { TunedAdapter } from '../../../src/session/models/loaded';
import { tinySpec } from './tiny';

function adapter(settings: Partial<typeof DEFAULTS> = {}, seed = 1): TunedAdapter {
  const layout = adapterLayout(tinySpec, { ...DEFAULTS, ...settings });
  return { layout, ...initialAdapter(layout, seed) };
}

test('an adapter’s id is another with other parameters, settings or another chat template, and the same after a reload', async () => {
  const first = adapter();
  const run = { settings: { ...DEFAULTS, template: 'alpaca' } } as unknown as NonNullable<
    TunedAdapter['run']
  >;
  const read = () => expect.fail('the template is not rendered');
  const own = ['a', 'b'].map((source) => ({ ...first, template: { source, read } }));
  const others = [adapter({}, 2), adapter({ lora_alpha: 7 }), { ...first, run }, ...own];
  const ids = await Promise.all([first, ...others].map(adapterId));
  expect(new Set(ids).size).toBe(6);
  expect(await adapterId({ ...first, template: 'alpaca' })).toBe(ids[3]);
  expect(await adapterId(adapter())).toBe(ids[0]);
});
