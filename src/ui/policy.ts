import { object, string } from 'valibot';
import { chatAddressOf, connectSources, HUGGING_FACE } from '../core/endpoints';
import { readKept } from './shared/persist';

/**
 * Restricts the connections of page and engine to their own server, the chosen endpoint and the chat service that may
 * write rows, by a second content security policy that is narrower than the one in the page's head, which can't know
 * them. Policies can only become stricter, so later code can't widen it, and another address needs a reload.
 */
function restrictConnections(): void {
  const policy = document.createElement('meta');
  policy.httpEquiv = 'Content-Security-Policy';
  policy.content = `connect-src 'self' ${[...chosenSources(), ...chosenService()].join(' ')}`;
  document.head.append(policy);
}

function chosenSources(): readonly string[] {
  try {
    const kept = readKept('hub', object({ endpoint: string() }));
    return connectSources(kept?.endpoint ?? HUGGING_FACE);
  } catch {
    // The stored value is no endpoint, so no connection is allowed.
    return [];
  }
}

/** The one address of the chat service that the visitor allowed; none by default. */
function chosenService(): readonly string[] {
  try {
    const kept = readKept('service', object({ address: string() }));
    return kept ? [chatAddressOf(kept.address)] : [];
  } catch {
    return [];
  }
}

restrictConnections();
