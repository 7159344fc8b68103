import { serveEncodings, type EncodeRequest } from '../exports/encoding/thread';

serveEncodings({
  listen: (listener) =>
    self.addEventListener('message', ({ data }: MessageEvent<EncodeRequest>) => listener(data)),
  send: (message, moved) => self.postMessage(message, { transfer: [...moved] }),
});
