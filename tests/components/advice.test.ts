import { expect, it } from 'vitest';
import Advice from '../../src/ui/shared/Advice.svelte';
import { appOver, control, press, show } from './page';

it('applies the setting that it advises', () => {
  const app = appOver();
  const advice = [{ kind: 'change', changes: { dtype: 'float16' } }] as never;
  const shown = show(Advice, app, { advice, disabled: false });
  press(control(shown, 'button'));
  expect(app.settings.values?.dtype).toBe('float16');
});
