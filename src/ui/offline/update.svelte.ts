/** The page's newer version: fetched in the background by the service worker, used when the person wishes. */
export class UpdateState {
  /** A newer version is stored and waits for a reload. */
  ready = $state(false);
  /** The person was told and goes on working. */
  #later = $state(false);
  readonly offered = $derived(this.ready && !this.#later);
  #registration: ServiceWorkerRegistration | undefined;
  readonly #reloadPage: () => void;

  constructor(reloadPage = () => location.reload()) {
    this.#reloadPage = reloadPage;
  }

  /** Registers the service worker at this address. Without one, the page works as long as there is a network. */
  async begin(address: string, workers: ServiceWorkerContainer | undefined): Promise<void> {
    try {
      const registration = await workers?.register(address);
      if (!workers || !registration) return;
      this.#registration = registration;
      this.#watch(registration);
      const { active } = await workers.ready;
      active?.postMessage('opened');
    } catch {
      // Private windows, plain http and offline hosts: what works without it goes on.
    }
  }

  /** Asks the server for a newer version; a page that stays open for days hears of none otherwise. */
  async look(): Promise<void> {
    await this.#registration?.update().catch(() => undefined);
  }

  later(): void {
    this.#later = true;
  }

  /** Opens the newer version. Other tabs keep their own until they reload. */
  reload(): void {
    const waiting = this.#registration?.waiting;
    if (!waiting) {
      // Another tab has made it the current one.
      this.#reloadPage();
      return;
    }
    waiting.addEventListener('statechange', () => {
      // A still newer one may have taken its place.
      if (waiting.state === 'activated' || waiting.state === 'redundant') this.#reloadPage();
    });
    waiting.postMessage('activate');
  }

  #watch(registration: ServiceWorkerRegistration): void {
    this.ready = registration.waiting !== null;
    this.#follow(registration);
    registration.addEventListener('updatefound', () => this.#follow(registration));
  }

  /** The first version is no update: nothing is active before it. */
  #follow({ installing, active }: ServiceWorkerRegistration): void {
    if (!active) return;
    installing?.addEventListener('statechange', () => {
      if (installing.state === 'installed') this.ready = true;
    });
  }
}
