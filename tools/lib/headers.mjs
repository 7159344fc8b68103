/**
 * Makes the page cross-origin isolated, which shared memory and precise timers need.
 * @type {Record<string, string>}
 */
export const isolationHeaders = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'same-origin',
};

/** Prevents other pages from showing this one in a frame, or learning its address. */
const privacyHeaders = { 'X-Frame-Options': 'DENY', 'Referrer-Policy': 'no-referrer' };

/**
 * The policy of the built page: it may only load and run its own files. Before anything else runs, src/ui/policy.ts
 * restricts connections to the endpoint that the visitor chose.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  // The engine's worker starts from a blob, so that it inherits this policy; it imports the page's files.
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
 * All headers that a server of the built page should send: isolation, the policy, and protection against frames.
 * @type {Record<string, string>}
 */
export const pageHeaders = {
  ...isolationHeaders,
  ...privacyHeaders,
  'X-Content-Type-Options': 'nosniff',
  // A policy in a meta element can't forbid frames.
  'Content-Security-Policy': `${contentSecurityPolicy}; frame-ancestors 'none'`,
};
