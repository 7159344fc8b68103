import { flushSync } from 'svelte';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import Composer from '../../src/ui/chat/Composer.svelte';
import { adapterReport, report } from '../unit/ui/engine';
import { appOver, fill, show } from './page';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('the tokens are counted again as soon as another model answers', async () => {
  const count = vi.fn(() => Promise.resolve({ tokens: [3], room: 2048 }));
  const app = appOver({ chats: { count } });
  app.model.report = report({ name: 'one', repo: 'a/one' });
  app.exports.adapter = adapterReport();
  const shown = show(Composer, app, { onsend: vi.fn(), onsettings: vi.fn() });
  fill(shown.querySelector('textarea'), 'Who?');
  await vi.advanceTimersByTimeAsync(1000);
  expect(count).toHaveBeenCalledOnce();
  expect(shown.querySelector('[data-testid=chat-tokens]')?.textContent).toBe('3 of 2,048 tokens');
  count.mockResolvedValue({ tokens: [5], room: 512 });
  app.model.report = report({ name: 'two', repo: 'a/two' });
  flushSync();
  await vi.advanceTimersByTimeAsync(1000);
  flushSync();
  expect(shown.querySelector('[data-testid=chat-tokens]')?.textContent).toBe('5 of 512 tokens');
});
