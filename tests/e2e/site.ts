import { test as base } from '@playwright/test';
import { dirname } from 'node:path';
import { ensureBuilt } from '../../tools/lib/build.mjs';
import { serve } from '../../tools/lib/serve.mjs';

/** Playwright's `test` with the production build served as `npm start` serves it; `page.goto('./')` opens it. */
export const test = base.extend<object, { site: string }>({
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
});

export { expect } from '@playwright/test';
