import { boolean, object, optional, string } from 'valibot';
import { HUGGING_FACE, KNOWN_ENDPOINTS } from '../../core/endpoints';
import { describeError, type ErrorDescription } from '../../core/errors';
import type { EngineState } from '../engine.svelte';
import { keep, readKept } from '../shared/persist';

/**
 * Storage key of the endpoint. The security policy is made from it before the page runs, so a change takes effect at
 * the next load.
 */
const hubKey = 'hub';
/** Storage key that only the next load of the page reads. */
const chosenKey = 'hub_chosen';
const tokenKey = 'hub_token';

/** The hub and its access token. */
export class HubState {
  readonly #engine: EngineState;
  /** The endpoint that the page was loaded for. */
  readonly endpoint: string = readKept(hubKey, object({ endpoint: string() }))?.endpoint ?? HUGGING_FACE;
  /** Whether the visitor chose it right before this load of the page. */
  readonly justChosen: boolean = readKept(chosenKey, boolean()) ?? false;
  /** In memory only, unless `remembered`. */
  token = $state('');
  remembered = $state(false);
  error: ErrorDescription | undefined = $state.raw();
  /** Increases with each change of the hub; results for other settings are out of date. */
  revision = $state(0);

  constructor(engine: EngineState) {
    this.#engine = engine;
    keep(chosenKey, undefined);
    const kept = readKept(tokenKey, object({ endpoint: string(), token: optional(string(), '') }));
    // A token belongs to the hub that it was entered for.
    if (kept?.endpoint === this.endpoint && kept.token !== '') {
      this.token = kept.token;
      this.remembered = true;
    }
  }

  /** Whether the engine knows the endpoint. */
  get told(): boolean {
    return this.revision > 0;
  }

  /** Whether it is one of the endpoints offered by name. The abilities of others are unknown. */
  get known(): boolean {
    return KNOWN_ENDPOINTS.some(({ endpoint }) => endpoint === this.endpoint);
  }

  /** The endpoint's address without the common parts. */
  readonly host = $derived.by(() => hostOf(this.endpoint));

  /** Sends the hub and the token to the engine. */
  async tell(): Promise<void> {
    const { endpoint, token } = this;
    this.error = undefined;
    try {
      await this.#engine.remote.catalog.setHub(token === '' ? { endpoint } : { endpoint, token });
    } catch (error) {
      this.error = describeError(error);
    }
    this.revision++;
  }

  async setToken(token: string): Promise<void> {
    this.token = token.trim();
    this.#keepToken();
    await this.tell();
  }

  remember(on: boolean): void {
    this.remembered = on;
    this.#keepToken();
  }

  async forgetToken(): Promise<void> {
    this.remembered = false;
    await this.setToken('');
  }

  /** Chooses another hub from the next load of the page on. */
  keepEndpoint(endpoint: string): void {
    keep(hubKey, { endpoint });
    keep(chosenKey, true);
  }

  #keepToken(): void {
    const { endpoint, token, remembered } = this;
    keep(tokenKey, remembered && token !== '' ? { endpoint, token } : undefined);
  }
}

export function hostOf(endpoint: string): string {
  return endpoint.replace(/^https?:\/\/(www\.)?/, '');
}
