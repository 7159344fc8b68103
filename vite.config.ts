import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';
import { contentSecurityPolicy, isolationHeaders, pageHeaders } from './tools/lib/headers.mjs';
import { thirdPartyNotices } from './tools/lib/notices.mjs';
import { offlinePage } from './tools/lib/offline.mjs';

/** Writes the policy into the built page. The dev server injects inline scripts of its own, so it gets none. */
function policyInBuiltPage(): Plugin {
  return {
    name: 'content-security-policy',
    apply: 'build',
    transformIndexHtml: () => [
      {
        tag: 'meta',
        attrs: { 'http-equiv': 'Content-Security-Policy', content: contentSecurityPolicy },
        injectTo: 'head-prepend',
      },
    ],
  };
}

/** Writes the headers in the form that Cloudflare Pages and Netlify read. */
function headersForHosts(): Plugin {
  const lines = Object.entries(pageHeaders).map(([name, value]) => `  ${name}: ${value}`);
  return {
    name: 'headers-for-hosts',
    apply: 'build',
    generateBundle() {
      this.emitFile({ type: 'asset', fileName: '_headers', source: `/*\n${lines.join('\n')}\n` });
    },
  };
}

const notices = thirdPartyNotices();

export default defineConfig({
  base: './',
  plugins: [
    svelte(),
    policyInBuiltPage(),
    headersForHosts(),
    notices.collect(),
    notices.write,
    offlinePage(),
  ],
  worker: { format: 'es', plugins: () => [notices.collect()] },
  build: {
    target: 'esnext',
    // Inlined assets would need `data:` in the policy for every kind of resource.
    assetsInlineLimit: 0,
    // The polyfill is an inline script, which the policy forbids; every browser with WebGPU preloads modules.
    modulePreload: { polyfill: false },
  },
  server: {
    headers: isolationHeaders,
    watch: { ignored: ['**/build/**', '**/dist/**', '**/test-results/**'] },
  },
  preview: { headers: isolationHeaders },
});
