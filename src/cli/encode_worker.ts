import { parentPort } from 'node:worker_threads';
import { serveEncodings } from '../exports/encoding/thread';

serveEncodings({
  listen: (listener) => parentPort?.on('message', listener),
  send: (message, moved) => parentPort?.postMessage(message, [...moved]),
});
