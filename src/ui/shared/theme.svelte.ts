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
  }
}
