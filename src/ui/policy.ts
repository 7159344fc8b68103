import { object, string } from 'valibot';
import { connectSources, HUGGING_FACE } from '../core/endpoints';
import { readKept } from './shared/persist';

/**
 * Restricts the connections of page and engine to their own server and the chosen endpoint, by a second content
 * security policy that is narrower than the one in the page's head, which can't know the endpoint. Policies can only
 * become stricter, so later code can't widen it, and another endpoint needs a reload.
 */
function restrictConnections(): void {
  const policy = document.createElement('meta');
  policy.httpEquiv = 'Content-Security-Policy';
  policy.content = `connect-src 'self' ${chosenSources().join(' ')}`;
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

restrictConnections();
