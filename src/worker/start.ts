import engine from './worker.ts?worker&url';
import onnx from './onnx_worker.ts?worker&url';

const ADDRESSES = { engine, onnx };

/**
 * Starts a worker from a blob. A worker with an address of its own has that address's content security
 * policy, and a static file server sends none for it. A worker from a blob has the page's policy, so it can reach no
 * more than the page.
 */
export function startWorker(kind: keyof typeof ADDRESSES, name: string): Worker {
  const script = `import ${JSON.stringify(new URL(ADDRESSES[kind], document.baseURI).href)};`;
  const blob = new Blob([script], { type: 'text/javascript' });
  return new Worker(URL.createObjectURL(blob), { type: 'module', name });
}
