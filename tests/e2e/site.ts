import { expect, test as base } from '@playwright/test';
import { dirname } from 'node:path';
import { ensureBuilt } from '../../tools/lib/build.mjs';
import { serve } from '../../tools/lib/serve.mjs';
import { Tunesmith } from './tunesmith';

interface Fixtures {
  /** The page, not opened yet. */
  tunesmith: Tunesmith;
  /** Origins beside the page's own that a test means to be reached, whatever they answer. */
  reachable: Set<string>;
  /** Hidden errors in any tab: a test passes only if this is empty. */
  complaints: string[];
}

/** Playwright's `test` with the production build served as `npm start` serves it; `page.goto('./')` opens it. */
export const test = base.extend<Fixtures, { site: string }>({
  site: [
    async ({}, use) => {
      const page = await ensureBuilt('page', (line) => console.error(line));
      const { url, close } = await serve(dirname(page), 0);
      await use(url);
      await close();
    },
    { scope: 'worker' },
  ],
  baseURL: async ({ site }, use) => use(site),
  tunesmith: async ({ page }, use) => use(new Tunesmith(page)),
  reachable: async ({}, use) => use(new Set()),
  complaints: [
    async ({ context, site, reachable }, use) => {
      const complaints: string[] = [];
      // The console also reports violations of the content security policy.
      context.on('console', (message) => {
        const { url } = message.location();
        if (message.type() !== 'error' || (URL.canParse(url) && reachable.has(new URL(url).origin))) return;
        complaints.push(`on the console: ${message.text()}`);
      });
      context.on('weberror', (error) => complaints.push(`not caught: ${error.error().message}`));
      context.on('request', (request) => {
        const { origin, protocol } = new URL(request.url());
        const meant = origin === new URL(site).origin || protocol === 'data:' || reachable.has(origin);
        if (!meant) complaints.push(`fetched from elsewhere: ${request.url()}`);
      });
      await use(complaints);
      expect(complaints).toEqual([]);
    },
    { auto: true },
  ],
});

export { expect } from '@playwright/test';
