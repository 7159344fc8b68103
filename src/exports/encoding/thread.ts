import { encode, type Encoded, type Encoding } from './encode';

/** A message to a thread: rows to encode. */
export interface EncodeRequest {
  readonly encoding: Encoding;
  readonly values: Float32Array<ArrayBuffer>;
}

/** A thread's first message says that it is ready; each later one answers a request. */
export type ThreadMessage =
  { readonly ready: true } | { readonly encoded: Encoded } | { readonly error: unknown };

/** A thread that encodes rows: a worker of the page or of Node. It gets one request at a time. */
export interface EncodingThread {
  /** Sends a request; the memory of its values moves to the thread. */
  send(request: EncodeRequest): void;
  close(): void;
}

/** The threads that the page or the machine can offer. */
export interface ThreadSource {
  /** The number of threads that can run at the same time. */
  readonly count: number;
  /** Starts a thread. `onFailure` is called later if it can't start, or crashes. */
  start(onMessage: (message: ThreadMessage) => void, onFailure: () => void): EncodingThread;
}

/** The thread's own end of its messages. */
interface ThreadPort {
  listen(listener: (request: EncodeRequest) => void): void;
  send(message: ThreadMessage, moved: readonly ArrayBuffer[]): void;
}

/** Answers requests in a thread, one after another. */
export function serveEncodings(port: ThreadPort): void {
  port.listen(({ encoding, values }) => {
    let encoded: Encoded;
    try {
      encoded = encode(encoding, values);
    } catch (error) {
      port.send({ error }, []);
      return;
    }
    port.send(
      { encoded },
      encoded.map(({ buffer }) => buffer),
    );
  });
  port.send({ ready: true }, []);
}
