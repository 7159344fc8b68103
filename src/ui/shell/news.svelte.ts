import { boolean } from 'valibot';
import { keep, readKept } from '../shared/persist';

const storageKey = 'notify';

/** The result of a run whose end the visitor may not have seen. */
export type Outcome = 'done' | 'failed';

/**
 * Tells a visitor who is looking elsewhere that training has ended: in the tab's title, and by a notification if
 * enabled.
 */
export class NewsState {
  /** The announced result; undefined once it is seen. */
  outcome: Outcome | undefined = $state();
  #wanted = $state(readKept(storageKey, boolean()) ?? false);
  #permission: NotificationPermission = $state(
    typeof Notification === 'undefined' ? 'denied' : Notification.permission,
  );
  /** Whether the browser allows notifications, or may be asked to. */
  readonly possible = $derived(this.#permission !== 'denied');
  readonly on = $derived(this.#wanted && this.#permission === 'granted');

  /** Turns notifications on or off; the browser may ask the visitor for permission. Must be called within a click. */
  async toggle(): Promise<void> {
    this.#wanted = !this.on;
    keep(storageKey, this.#wanted);
    if (this.#wanted) this.#permission = await Notification.requestPermission();
  }

  async tell(outcome: Outcome, title: string, body: string): Promise<void> {
    // A visitor who is looking at the page sees the end.
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
      // Browsers on Android notify only through a service worker.
      await this.#throughWorker(title, options).catch(() => undefined);
    }
  }

  async #throughWorker(title: string, options: NotificationOptions): Promise<void> {
    const worker = await navigator.serviceWorker?.getRegistration();
    await worker?.showNotification(title, options);
  }

  /** Call it when the visitor looks at the page again. */
  seen(): void {
    this.outcome = undefined;
  }
}
