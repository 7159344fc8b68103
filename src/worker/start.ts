import address from './worker.ts?worker&url';

/**
 * Starts the engine's worker. A worker has the content security policy of its own address, which a server of plain files
 * sends none for, unless that is a blob: then it has the page's, and can reach no more than the page.
 */
export function startWorker(name: string): Worker {
  const script = `import ${JSON.stringify(new URL(address, document.baseURI).href)};`;
  const blob = new Blob([script], { type: 'text/javascript' });
  return new Worker(URL.createObjectURL(blob), { type: 'module', name });
}
