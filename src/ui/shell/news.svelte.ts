import { boolean } from 'valibot';
import { keep, readKept } from '../shared/persist';

const storageKey = 'notify';

/** How a run ended that the visitor may not have seen ending. */
export type Outcome = 'done' | 'failed';

/** Tells a visitor who looks elsewhere that training has ended: in the tab's title, and by a notification if asked to. */
export class NewsState {
  /** The end that is told; undefined once it is seen. */
  outcome: Outcome | undefined = $state();
  #wanted = $state(readKept(storageKey, boolean()) ?? false);
  #permission: NotificationPermission = $state(
    typeof Notification === 'undefined' ? 'denied' : Notification.permission,
  );
  /** The browser lets the page notify, or may be asked to. */
  readonly possible = $derived(this.#permission !== 'denied');
  readonly on = $derived(this.#wanted && this.#permission === 'granted');

  /** Turns notifications on, for which the browser asks the visitor, or off. Must be called within a click. */
  async toggle(): Promise<void> {
    this.#wanted = !this.on;
    keep(storageKey, this.#wanted);
    if (this.#wanted) this.#permission = await Notification.requestPermission();
  }

  async tell(outcome: Outcome, title: string, body: string): Promise<void> {
    // Who looks at the page sees the end itself.
    if (!document.hidden) return;
    this.outcome = outcome;
    if (!this.on) return;
    const options = { body, tag: 'tunesmith', icon: `${import.meta.env.BASE_URL}icons/icon.svg` };
    try {
      const notification = new Notification(title, options);
      notification.onclick = () => {
        window.focus();
        notification.close();
      };
    } catch {
      // Android's browsers notify through a service worker alone.
      await this.#throughWorker(title, options).catch(() => undefined);
    }
  }

  async #throughWorker(title: string, options: NotificationOptions): Promise<void> {
    const worker = await navigator.serviceWorker?.getRegistration();
    await worker?.showNotification(title, options);
  }

  /** The visitor looks at the page again. */
  seen(): void {
    this.outcome = undefined;
  }
}
