import { boolean, object, optional, string } from 'valibot';
import { HUGGING_FACE, KNOWN_ENDPOINTS } from '../../core/endpoints';
import { describeError, type ErrorDescription } from '../../core/errors';
import type { EngineState } from '../engine.svelte';
import { keep, readKept } from '../shared/persist';

/** The security policy is made of this before the page runs: a change counts from the next load on. */
const hubKey = 'hub';
/** For the next load of the page alone. */
const chosenKey = 'hub_chosen';
const tokenKey = 'hub_token';

/** Which hub models come from, and the token for it. */
export class HubState {
  readonly #engine: EngineState;
  /** What the page was loaded for. */
  readonly endpoint: string = readKept(hubKey, object({ endpoint: string() }))?.endpoint ?? HUGGING_FACE;
  /** The visitor chose it right before this load of the page. */
  readonly justChosen: boolean = readKept(chosenKey, boolean()) ?? false;
  /** In memory only, unless `remembered`. */
  token = $state('');
  remembered = $state(false);
  error: ErrorDescription | undefined = $state.raw();
  /** Counts what the engine was told: what was asked under other settings is worth nothing any more. */
  revision = $state(0);

  constructor(engine: EngineState) {
    this.#engine = engine;
    keep(chosenKey, undefined);
    const kept = readKept(tokenKey, object({ endpoint: string(), token: optional(string(), '') }));
    // A token is for the hub that it was given for.
    if (kept?.endpoint === this.endpoint && kept.token !== '') {
      this.token = kept.token;
      this.remembered = true;
    }
  }

  /** Whether it is one that is offered by name: what any other has, nobody knows. */
  get known(): boolean {
    return KNOWN_ENDPOINTS.some(({ endpoint }) => endpoint === this.endpoint);
  }

  /** The endpoint's name without what all addresses have. */
  readonly host = $derived.by(() => hostOf(this.endpoint));

  /** Tells the engine the hub and the token. */
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
