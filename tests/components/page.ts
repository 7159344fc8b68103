import { flushSync, mount, unmount, type Component } from 'svelte';
import { afterEach, vi } from 'vitest';
import { DEFAULTS } from '../../src/core/settings/settings';
import { App } from '../../src/ui/app.svelte';
import type { RemoteEngine } from '../../src/worker/protocol';
import Harness from './Harness.svelte';

/** A worker that never answers: the tests give the engine's answers themselves. */
class SilentWorker extends EventTarget {
  postMessage(): void {
    // Nobody hears it.
  }
}

type Calls = Partial<Record<keyof RemoteEngine, object>>;

/** The page's state with its settings loaded, over an engine of which only these calls are there. */
export function appOver(calls: Calls = {}): App {
  vi.stubGlobal('Worker', SilentWorker);
  const app = new App();
  Object.assign(app.engine, { remote: calls });
  app.engine.device = { kind: 'hardware' } as unknown as App['engine']['device'];
  app.settings.begin(DEFAULTS);
  return app;
}

const mounted: Record<string, unknown>[] = [];
afterEach(async () => {
  for (const each of mounted.splice(0)) await unmount(each);
  document.body.replaceChildren();
  localStorage.clear();
});

/** Shows a component of the page. */
export function show<P extends object>(component: Component<P>, app: App, props: NoInfer<P>): HTMLElement {
  const target = document.body.appendChild(document.createElement('main'));
  const shown = component as unknown as Component<Record<string, unknown>>;
  mounted.push(mount(Harness, { target, props: { app, shown, props: props as Record<string, unknown> } }));
  flushSync();
  return target;
}

/** The one element that a selector finds and that is called so. */
export function control(within: ParentNode, selector: string, name = ''): HTMLElement {
  const found = [...within.querySelectorAll<HTMLElement>(selector)].filter((element) =>
    nameOf(element).includes(name),
  );
  const [first] = found;
  if (!first || found.length > 1) throw new Error(`${found.length} of ${selector} are called “${name}”`);
  return first;
}

function nameOf(element: HTMLElement): string {
  const labels = [...document.querySelectorAll('label')].filter(
    (label) => label.contains(element) || (element.id !== '' && label.htmlFor === element.id),
  );
  const texts = [element, ...labels].map(({ textContent }) => textContent);
  return [element.getAttribute('aria-label') ?? '', ...texts].join(' ');
}

/** Presses a button, a switch or a choice. */
export function press(element: HTMLElement): void {
  element.click();
  flushSync();
}

/** Types into a field, or chooses one of its options. */
export function fill(field: Element | null, text: string): void {
  const kinds = [HTMLInputElement, HTMLTextAreaElement, HTMLSelectElement];
  if (!kinds.some((kind) => field instanceof kind)) throw new Error('This is no field');
  Object.assign(field!, { value: text });
  // In this DOM no option is ever `:checked`, by which Svelte finds the chosen one.
  if (field instanceof HTMLSelectElement) {
    Object.assign(field, { querySelector: () => field.selectedOptions[0] });
  }
  for (const type of ['input', 'change']) field?.dispatchEvent(new Event(type, { bubbles: true }));
  flushSync();
}
