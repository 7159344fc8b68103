import { object, optional, string } from 'valibot';
import { normalizeChatAddress } from '../../../core/endpoints';
import { describeError, type ErrorDescription } from '../../../core/errors';
import { keep, readKept } from '../../shared/persist';

/** Storage key of the address that the page's security policy allows, and of the model there. */
const KEY = 'service';

/**
 * A chat service that may write rows. Its address is stored, because the security policy is made from it before the page runs; a
 * change takes effect at the next load. The key is in memory only.
 */
export class ServiceState {
  /** The address that the page was loaded for; empty for none. */
  readonly allowed: string;
  address = $state('');
  model = $state('');
  key = $state('');
  error: ErrorDescription | undefined = $state.raw();

  constructor() {
    const kept = readKept(KEY, object({ address: string(), model: optional(string(), '') }));
    this.allowed = normalized(kept?.address ?? '') ?? '';
    this.address = this.allowed;
    this.model = kept?.model ?? '';
  }

  /** Whether the typed address is the one that the page may reach. */
  readonly isAllowed = $derived.by(() => this.allowed !== '' && normalized(this.address) === this.allowed);

  readonly isReady = $derived(this.isAllowed && this.model.trim() !== '');

  /** Allows the typed address from the next load on. Returns false if it is none. */
  allow(): boolean {
    this.error = undefined;
    try {
      keep(KEY, { address: normalizeChatAddress(this.address), model: this.model.trim() });
      return true;
    } catch (error) {
      this.error = describeError(error);
      return false;
    }
  }

  /** Stores the model's name for the next load. */
  keepModel(): void {
    if (this.isAllowed) keep(KEY, { address: this.allowed, model: this.model.trim() });
  }

  /** Allows no address from the next load on. */
  forget(): void {
    keep(KEY, undefined);
  }
}

function normalized(address: string): string | undefined {
  try {
    return normalizeChatAddress(address);
  } catch {
    return undefined;
  }
}
