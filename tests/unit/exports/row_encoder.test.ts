import { MessageChannel } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { bytesOf, sameBytes } from '../../../src/core/bytes';
import type { Encoded } from '../../../src/exports/encoding/encode';
import { RowEncoder, type EncodableRun } from '../../../src/exports/encoding/row_encoder';
import {
  serveEncodings,
  type EncodeRequest,
  type EncodingThread,
  type ThreadMessage,
  type ThreadSource,
} from '../../../src/exports/encoding/thread';
import { quantizeGgml } from '../../../src/formats/ggml/rows';

/** Threads as the encoder sees them, over real channels, so that what is sent is cloned and moved. */
class FakeThreads implements ThreadSource {
  readonly count: number;
  readonly closed: number[] = [];
  started = 0;
  requests: EncodeRequest[] = [];
  /** Called before a thread takes a request; returns whether it crashes instead. */
  crashes: (thread: number) => boolean = () => false;
  /** Whether a thread says nothing at all. */
  hangs = false;
  /** Whether a thread fails before it is ready. */
  fails: (thread: number) => boolean = () => false;

  constructor(count: number) {
    this.count = count;
  }

  start(onMessage: (message: ThreadMessage) => void, onFailure: () => void): EncodingThread {
    const id = this.started++;
    const { port1, port2 } = new MessageChannel();
    port1.on('message', onMessage);
    if (this.fails(id)) setTimeout(onFailure, 0);
    else if (!this.hangs) {
      serveEncodings({
        listen: (listener) =>
          port2.on('message', (request: EncodeRequest) => {
            this.requests.push(request);
            if (this.crashes(id)) onFailure();
            else listener(request);
          }),
        send: (message, moved) => port2.postMessage(message, [...moved]),
      });
    }
    return {
      send: (request) => port1.postMessage(request, [request.values.buffer]),
      close: () => {
        this.closed.push(id);
        port1.close();
      },
    };
  }
}

let encoder: RowEncoder;
let threads: FakeThreads;
beforeEach(() => {
  threads = new FakeThreads(3);
  encoder = new RowEncoder(threads);
});
afterEach(() => encoder.close());

const ROW = 256;
/** More rows than a thread takes at once, and not a multiple of them. */
const values = Float32Array.from({ length: ROW * 1700 }, (_, i) => Math.sin(i * 0.7) * (1 + (i % 5)));
const run = (over: Partial<EncodableRun> = {}): EncodableRun => ({
  name: 'blk.0.attn_q.weight',
  encoding: { encoder: 'ggml', type: 'Q4_0', rowLength: ROW },
  values,
  ...over,
});
const expected = quantizeGgml('Q4_0', values, ROW);

/** Whether a result is one array of these bytes; comparing large arrays as objects takes seconds. */
function isOne(encoded: Encoded, bytes: Uint8Array): boolean {
  return encoded.length === 1 && sameBytes(encoded[0]!, bytes);
}

describe('rows', () => {
  it('have the same bytes from threads as from one call', async () => {
    expect(isOne(await encoder.encodeRows(run()), expected)).toBe(true);
    expect(threads.started).toBe(3);
    expect(threads.requests.length).toBeGreaterThan(3);
  });

  it('stay with the caller', async () => {
    const before = values.slice();
    await encoder.encodeRows(run());
    expect(sameBytes(bytesOf(values), bytesOf(before))).toBe(true);
  });

  it.each(['F32', 'F16', 'BF16'] as const)('of %s are encoded too', async (type) => {
    const encoding = { encoder: 'ggml', type, rowLength: ROW } as const;
    const encoded = await encoder.encodeRows(run({ encoding }));
    expect(isOne(encoded, quantizeGgml(type, values.slice(), ROW))).toBe(true);
  });

  it('are encoded without threads', async () => {
    expect(isOne(await new RowEncoder().encodeRows(run()), expected)).toBe(true);
  });

  it('are encoded if no thread can start', async () => {
    threads.fails = () => true;
    expect(isOne(await encoder.encodeRows(run()), expected)).toBe(true);
    const refusing = new RowEncoder({
      count: 2,
      start: () => {
        throw new Error('workers are refused');
      },
    });
    expect(isOne(await refusing.encodeRows(run()), expected)).toBe(true);
  });

  it('are encoded if no thread ever says that it is ready', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    try {
      threads.hangs = true;
      const encoded = encoder.encodeRows(run());
      await vi.advanceTimersByTimeAsync(60_000);
      vi.useRealTimers();
      expect(isOne(await encoded, expected)).toBe(true);
      expect(threads.closed).toHaveLength(3);
    } finally {
      vi.useRealTimers();
    }
  });

  it('leave no timer behind, whether a thread was ready or the pool closes before', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const ready = new RowEncoder(new FakeThreads(2));
      await ready.encodeRows(run());
      const early = new RowEncoder(new FakeThreads(2));
      void early.encodeRows(run()).catch(() => undefined);
      early.close();
      ready.close();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('of a thread that crashes are encoded by another', async () => {
    threads.crashes = (thread) => thread === 1;
    expect(isOne(await encoder.encodeRows(run()), expected)).toBe(true);
  });

  it('are encoded if all threads crash', async () => {
    threads.crashes = () => true;
    expect(isOne(await encoder.encodeRows(run()), expected)).toBe(true);
    expect(threads.closed).toHaveLength(3);
  });

  it.each([new FakeThreads(2), undefined])('that cannot be written name their tensor', async (source) => {
    const one = new RowEncoder(source);
    const notFinite = values.slice();
    notFinite[300_000] = NaN;
    await expect(one.encodeRows(run({ values: notFinite }))).rejects.toMatchObject({
      code: 'export_not_finite',
      values: { tensor: 'blk.0.attn_q.weight' },
    });
    const huge = values.slice();
    huge[300_000] = 1e9;
    await expect(one.encodeRows(run({ values: huge }))).rejects.toMatchObject({
      code: 'export_dtype_range',
      values: { tensor: 'blk.0.attn_q.weight', dtype: 'Q4_0' },
    });
    // The threads work on.
    expect(isOne(await one.encodeRows(run()), expected)).toBe(true);
    one.close();
  });
});

describe('closing', () => {
  it('ends the threads and rejects unfinished work', async () => {
    const unfinished = encoder.encodeRows(run());
    encoder.close();
    await expect(unfinished).rejects.toThrow('closed');
    expect(threads.closed).toHaveLength(3);
  });

  it('is followed by new threads if there is more work', async () => {
    await encoder.encodeRows(run());
    encoder.close();
    expect(isOne(await encoder.encodeRows(run()), expected)).toBe(true);
    expect(threads.started).toBe(6);
  });

  it('starts no threads without work', () => {
    encoder.close();
    expect(threads.started).toBe(0);
  });
});

describe('a stream of runs', () => {
  const part = (index: number): Float32Array<ArrayBuffer> =>
    Float32Array.from({ length: ROW }, (_, i) => i - 100 * index);

  it('keeps its order, with other bytes between', async () => {
    async function* runs(): AsyncGenerator<EncodableRun | Uint8Array<ArrayBuffer>> {
      yield Uint8Array.of(1, 2, 3);
      for (let i = 0; i < 5; i++) {
        yield run({ values: part(i) });
        await Promise.resolve();
        yield new Uint8Array(i);
      }
    }
    const bytes: number[] = [];
    for await (const [first] of encoder.encode(runs())) bytes.push(...first!);
    const wanted = [1, 2, 3];
    for (let i = 0; i < 5; i++) wanted.push(...quantizeGgml('Q4_0', part(i), ROW), ...new Uint8Array(i));
    expect(bytes).toEqual(wanted);
  });

  it('makes at most one run ahead', async () => {
    let made = 0;
    async function* runs(): AsyncGenerator<EncodableRun> {
      for (let i = 0; i < 6; i++) {
        made++;
        yield run({ values: part(i) });
        await Promise.resolve();
      }
    }
    let received = 0;
    for await (const encoded of encoder.encode(runs())) {
      expect(encoded).toHaveLength(1);
      received++;
      expect(made).toBeLessThanOrEqual(received + 1);
    }
    expect(received).toBe(6);
  });

  it('ends its source when its reader stops', async () => {
    let ended = false;
    async function* runs(): AsyncGenerator<EncodableRun> {
      try {
        for (let i = 0; ; i++) {
          yield run({ values: part(i) });
          await Promise.resolve();
        }
      } finally {
        ended = true;
      }
    }
    for await (const encoded of encoder.encode(runs())) if (encoded.length > 0) break;
    expect(ended).toBe(true);
  });

  it('passes on the failure of its source', async () => {
    async function* runs(): AsyncGenerator<EncodableRun> {
      yield run();
      await Promise.resolve();
      throw new Error('the device is lost');
    }
    const all = async (): Promise<void> => {
      for await (const encoded of encoder.encode(runs())) expect(encoded).toHaveLength(1);
    };
    await expect(all()).rejects.toThrow('the device is lost');
  });
});
