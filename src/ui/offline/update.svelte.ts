/** A newer version of the page, which the service worker downloads in the background and the person can activate. */
export class UpdateState {
  /** Whether a newer version is stored and waits for a reload. */
  ready = $state(false);
  /** Whether the person has postponed the update. */
  #later = $state(false);
  readonly offered = $derived(this.ready && !this.#later);
  #registration: ServiceWorkerRegistration | undefined;
  #workers: ServiceWorkerContainer | undefined;
  readonly #reloadPage: () => void;

  constructor(reloadPage = () => location.reload()) {
    this.#reloadPage = reloadPage;
  }

  /** Registers the service worker at this address. Without one, the page needs a network. */
  async begin(address: string, workers: ServiceWorkerContainer | undefined): Promise<void> {
    try {
      const registration = await workers?.register(address);
      if (!workers || !registration) return;
      this.#registration = registration;
      this.#workers = workers;
      this.#watch(registration);
      const { active } = await workers.ready;
      active?.postMessage('opened');
    } catch {
      // Fails in private windows, on plain http and on unreachable hosts; the page works without it.
    }
  }

  /** Asks the server for a newer version, which a page that stays open for days would not notice otherwise. */
  async look(): Promise<void> {
    await this.#registration?.update().catch(() => undefined);
  }

  /** Has the service worker store a file that it does not store by itself. Does nothing without one. */
  async keepForOffline(address: string | undefined): Promise<void> {
    if (address === undefined || !this.#registration) return;
    const ready = await this.#workers?.ready;
    ready?.active?.postMessage({ keep: address });
  }

  later(): void {
    this.#later = true;
  }

  /** Opens the newer version. Other tabs keep their own until they reload. */
  reload(): void {
    const waiting = this.#registration?.waiting;
    if (!waiting) {
      // Another tab has activated it already.
      this.#reloadPage();
      return;
    }
    waiting.addEventListener('statechange', () => {
      // An even newer version may have replaced it.
      if (waiting.state === 'activated' || waiting.state === 'redundant') this.#reloadPage();
    });
    waiting.postMessage('activate');
  }

  #watch(registration: ServiceWorkerRegistration): void {
    this.ready = registration.waiting !== null;
    this.#follow(registration);
    registration.addEventListener('updatefound', () => this.#follow(registration));
  }

  /** Follows a new version. The first version is no update, because none is active before it. */
  #follow({ installing, active }: ServiceWorkerRegistration): void {
    if (!active) return;
    installing?.addEventListener('statechange', () => {
      if (installing.state === 'installed') this.ready = true;
    });
  }
}
