import { expect, test } from 'vitest';
import { adapterLayout } from '../../../../src/models/adapters/layout';
import { modelLayout } from '../../../../src/models/layout';
import type { LoadableModel } from '../../../../src/session/models/loadable';
import { OpenedModel } from '../../../../src/session/models/opened';
import { tinySpec } from '../tiny';

test.each([
  ['in float32', { load_in_4bit: false }, 'f32' as const],
  ['in a 4-bit form of its own', { load_in_4bit: true }, { format: 'q4_1' as const }],
])('LoftQ is refused on a base %s', (_, load, form) => {
  const whole = { bnb_4bit_use_double_quant: true, dtype: 'auto' as const, ...load };
  const layout = modelLayout(tinySpec, () => form, whole, 2 ** 27);
  const opened = new OpenedModel({ stored: undefined } as unknown as LoadableModel, layout);
  const adapter = adapterLayout(tinySpec, { target_modules: 'all-linear', init_lora_weights: 'loftq' });
  expect(() => opened.weightsFor(adapter)).toThrow(
    'init_lora_weights = loftq doesn’t go together with a base that is not quantised to 4 bits here.',
  );
});
