import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { ThreadSource } from '../exports/encoding/thread';

/** Node's threads for encoding. vite.cli.config.ts builds their program beside the command line. */
export const encodingThreads: ThreadSource = {
  count: availableParallelism(),
  start(onMessage, onFailure) {
    const worker = new Worker(new URL('./encode_worker.js', import.meta.url));
    worker.on('message', onMessage);
    worker.on('error', onFailure);
    return {
      send: (request) => worker.postMessage(request, [request.values.buffer]),
      close: () => void worker.terminate(),
    };
  },
};
