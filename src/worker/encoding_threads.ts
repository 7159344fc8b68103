import type { ThreadMessage, ThreadSource } from '../exports/encoding/thread';
import address from './encode_worker.ts?worker&url';

/**
 * Workers that the engine's worker starts for encoding. They start from a blob, so that they have the page's content
 * security policy; see `startWorker`.
 */
export const encodingThreads: ThreadSource = {
  count: navigator.hardwareConcurrency,
  start(onMessage, onFailure) {
    const script = `import ${JSON.stringify(new URL(address, import.meta.url).href)};`;
    const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
    const worker = new Worker(url, { type: 'module', name: 'encoding' });
    worker.addEventListener('message', ({ data }: MessageEvent<ThreadMessage>) => {
      if ('ready' in data) URL.revokeObjectURL(url);
      onMessage(data);
    });
    worker.addEventListener('error', (event) => {
      event.preventDefault();
      onFailure();
    });
    return {
      send: (request) => worker.postMessage(request, [request.values.buffer]),
      close: () => worker.terminate(),
    };
  },
};
