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
export function show<P extends Record<string, unknown>>(
  component: Component<P>,
  app: App,
  props: NoInfer<P>,
): HTMLElement {
  const target = document.body.appendChild(document.createElement('main'));
  const shown = component as unknown as Component<Record<string, unknown>>;
  mounted.push(mount(Harness, { target, props: { app, shown, props } }));
  flushSync();
  return target;
}

/** What a person presses, by its role's element and its name. */
export function control<E extends HTMLElement = HTMLElement>(within: ParentNode, selector: string, name = ''): E {
  const found = [...within.querySelectorAll<E>(selector)].filter((element) => nameOf(element).includes(name));
  if (found.length !== 1) throw new Error(`${found.length} of ${selector} are called “${name}”`);
  return found[0]!;
}

function nameOf(element: HTMLElement): string {
  const labels = element instanceof HTMLInputElement ? [...(element.labels ?? [])] : [];
  const texts = labels.map(({ textContent }) => textContent);
  return [element.getAttribute('aria-label') ?? '', ...texts, element.textContent].join(' ');
}

/** Presses a button, a switch or a choice. */
export function press(element: HTMLElement): void {
  element.click();
  flushSync();
}

/** Types into a field, or chooses one of its options. */
export function fill(field: HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement, text: string): void {
  field.value = text;
  field.dispatchEvent(new Event('input', { bubbles: true }));
  field.dispatchEvent(new Event('change', { bubbles: true }));
  flushSync();
}
