import { flushSync } from 'svelte';
import { beforeEach, expect, it, vi } from 'vitest';
import WriteForm from '../../src/ui/examples/more/WriteForm.svelte';
import { language } from '../../src/ui/language.svelte';
import { appOver, control, press, show } from './page';

beforeEach(() => language.choose('en'));

function select(element: HTMLElement, value: string): void {
  (element as HTMLSelectElement).value = value;
  element.dispatchEvent(new Event('change', { bubbles: true }));
  flushSync();
}

it('the open model samples the beginnings of its own answers, to the rows’ questions or one’s own', () => {
  const app = appOver({ writing: { estimate: vi.fn().mockRejectedValue(new Error()) } });
  const { write } = app.more;
  write.writer = 'service';
  const shown = show(WriteForm, app, {});
  select(control(shown, 'select', 'Task'), 'prefixes');
  const writers = control(shown, 'select', 'Written by') as HTMLSelectElement;
  expect([writers.value, ...Array.from(writers.options, ({ value }) => value)]).toEqual(['base', 'base']);
  expect(shown.textContent).toContain('Training still learns the answers of those rows');
  select(control(shown, 'select', 'Questions from'), 'own');
  expect(shown.textContent).not.toContain('Training still learns');
  const tokens = control(shown, 'input', 'First tokens') as HTMLInputElement;
  expect(tokens.value).toBe('32');
  tokens.value = '8';
  tokens.dispatchEvent(new Event('input', { bubbles: true }));
  tokens.dispatchEvent(new Event('change', { bubbles: true }));
  flushSync();
  expect(write).toMatchObject({ task: 'prefixes', writer: 'base', ownQuestions: true, prefixTokens: 8 });
  press(shown.querySelector('summary')!);
  expect((control(shown, 'textarea', 'Question that is learnt') as HTMLTextAreaElement).value).toContain(
    '{question}\n\nGive only the first step',
  );
});
