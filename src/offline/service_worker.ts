// Serves the page's own files from the browser's cache, so that the page opens without a network. Everything else goes
// to the network as if this worker did not exist; models have their own storage.
import { PageFiles, type BuiltPage } from './page_files';

declare const self: ServiceWorkerGlobalScope;
/** Defined by the build. */
declare const BUILT_PAGE: BuiltPage;

const { registration, clients } = self;
const files = new PageFiles(BUILT_PAGE, registration.scope, self.caches);

/** Removes the files of older versions, unless another tab or a newer version may still need them. */
async function removeOld(): Promise<void> {
  if (registration.installing || registration.waiting) return;
  const windows = await clients.matchAll({ type: 'window', includeUncontrolled: true });
  const own = windows.filter(({ url }) => url.startsWith(registration.scope));
  if (own.length <= 1) await files.removeOthers();
}

self.addEventListener('install', (event) => event.waitUntil(files.store()));

self.addEventListener('fetch', (event) => {
  const answer = files.answer(event.request);
  if (answer) event.respondWith(answer);
});

self.addEventListener('message', (event) => {
  if (event.data === 'activate') event.waitUntil(self.skipWaiting());
  if (event.data === 'opened') event.waitUntil(removeOld());
  const { keep } = Object(event.data) as { readonly keep?: unknown };
  // If there is no room for it, the page works as before, with a network.
  if (typeof keep === 'string') event.waitUntil(files.keep(keep).catch(() => undefined));
});
