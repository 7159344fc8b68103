import { picklist } from 'valibot';
import { keep, readKept } from './persist';

export const themes = ['auto', 'light', 'dark'] as const;
export type Theme = (typeof themes)[number];

/** The page's colours: the system's choice, or the visitor's. */
export class ThemeState {
  choice: Theme = $state(readKept('theme', picklist(themes)) ?? 'auto');
  #systemIsDark = $state(false);
  readonly dark = $derived(this.choice === 'dark' || (this.choice === 'auto' && this.#systemIsDark));

  constructor() {
    const query = matchMedia('(prefers-color-scheme: dark)');
    this.#systemIsDark = query.matches;
    query.addEventListener('change', (event) => (this.#systemIsDark = event.matches));
    this.#apply();
  }

  choose(theme: Theme): void {
    this.choice = theme;
    keep('theme', theme);
    this.#apply();
  }

  #apply(): void {
    // Without the attribute, the style sheet follows the system.
    if (this.choice === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = this.choice;
    // The colour of the browser's own bar: the page has one for each scheme.
    for (const meta of document.querySelectorAll<HTMLMetaElement>('meta[name="theme-color"]')) {
      const { scheme } = meta.dataset;
      if (this.choice === 'auto') meta.media = `(prefers-color-scheme: ${scheme ?? ''})`;
      else meta.media = this.choice === scheme ? 'all' : 'not all';
    }
  }
}
