import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { sameBytes } from '../../src/core/bytes';
import { encode, type Encoding } from '../../src/exports/encoding/encode';
import type { ThreadMessage } from '../../src/exports/encoding/thread';
import { ensureBuilt } from '../../tools/lib/build.mjs';

it('encodes rows with the threads’ program that is built beside the command line', async () => {
  const program = await ensureBuilt('cli', () => undefined);
  const worker = new Worker(join(dirname(program), 'encode_worker.js'));
  try {
    const next = async (): Promise<ThreadMessage> => ((await once(worker, 'message')) as [ThreadMessage])[0];
    expect(await next()).toEqual({ ready: true });
    const values = Float32Array.from({ length: 4096 }, (_, i) => Math.sin(i));
    for (const type of ['BF16', 'Q5_1', 'Q4_K', 'Q6_K'] as const) {
      const encoding: Encoding = { encoder: 'ggml', type, rowLength: 256 };
      worker.postMessage({ encoding, values });
      const answer = await next();
      const [expected] = encode(encoding, values);
      expect('encoded' in answer && sameBytes(answer.encoded[0]!, expected!)).toBe(true);
    }
    worker.postMessage({
      encoding: { encoder: 'ggml', type: 'Q8_0', rowLength: 32 },
      values: new Float32Array(32).fill(NaN),
    });
    expect(await next()).toEqual({ error: expect.any(RangeError) as unknown });
  } finally {
    await worker.terminate();
  }
});
