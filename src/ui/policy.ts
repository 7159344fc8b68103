import { object, string } from 'valibot';
import { connectSources, HUGGING_FACE } from '../core/endpoints';
import { readKept } from './shared/persist';

/**
 * Forbids page and engine to reach anything but themselves and the chosen endpoint: a second content security policy,
 * narrower than the one in the page's head, which can't know the endpoint. Policies only ever add up, so that what runs
 * later can't widen it, and another endpoint takes a reload.
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
    // What was kept is no endpoint, so nothing can be fetched from there.
    return [];
  }
}

restrictConnections();
