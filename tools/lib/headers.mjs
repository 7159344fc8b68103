/**
 * Makes the page cross-origin isolated, which shared memory and precise timers need.
 * @type {Record<string, string>}
 */
export const isolationHeaders = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** No other page may show this one in a frame, or learn its address. */
const privacyHeaders = { 'X-Frame-Options': 'DENY', 'Referrer-Policy': 'no-referrer' };

/**
 * What the built page may load and run: its own files, and nothing from elsewhere. Before anything else runs, src/ui/policy.ts
 * narrows what may be fetched to the endpoint that the visitor chose.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  // The engine's worker is a blob, so that this policy is its own as well; what it imports is the page's.
  "worker-src 'self' blob:",
  "style-src 'self'",
  // Chart and popover positions are `style` attributes; style elements stay forbidden.
  "style-src-attr 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self'",
  "connect-src 'self' https: http://localhost:* http://127.0.0.1:*",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * All headers that a server of the built page should send: of isolation, the policy, and what keeps it out of frames.
 * @type {Record<string, string>}
 */
export const pageHeaders = {
  ...isolationHeaders,
  ...privacyHeaders,
  'X-Content-Type-Options': 'nosniff',
  // A policy in a meta element can't forbid frames.
  'Content-Security-Policy': `${contentSecurityPolicy}; frame-ancestors 'none'`,
};
