import address from './worker.ts?worker&url';

/**
 * Starts the engine's worker from a blob. A worker with an address of its own has that address's content security
 * policy, and a static file server sends none for it. A worker from a blob has the page's policy, so it can reach no
 * more than the page.
 */
export function startWorker(name: string): Worker {
  const script = `import ${JSON.stringify(new URL(address, document.baseURI).href)};`;
  const blob = new Blob([script], { type: 'text/javascript' });
  return new Worker(URL.createObjectURL(blob), { type: 'module', name });
}
