import { setImmediate as turn } from 'node:timers/promises';
import type { Hub } from '../../../src/hub/types';

/** A hub whose rests take no time, and whose chance is always the same. `slept` tells what it would have waited. */
export function hubAt(
  endpoint: string,
  more: Partial<Hub> = {},
): Hub & { readonly slept: number[]; elapse(milliseconds: number): void } {
  const slept: number[] = [];
  let skipped = 0;
  return {
    endpoint,
    slept,
    elapse: (milliseconds) => (skipped += milliseconds),
    now: () => Date.now() + skipped,
    sleep: async (milliseconds, signal) => {
      slept.push(milliseconds);
      skipped += milliseconds;
      await turn();
      signal?.throwIfAborted();
    },
    random: () => 0.5,
    ...more,
  };
}

/** Bytes that no two files share. */
export function randomBytes(length: number, seed: number): Uint8Array<ArrayBuffer> {
  let state = (seed * 2654435761) >>> 0 || 1;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 255;
  });
}

/** A repository of two shards and what belongs to them. */
export function smallModel(seed = 1): Record<string, Uint8Array | string> {
  return {
    'config.json': JSON.stringify({ model_type: 'qwen2', seed }),
    'tokenizer.json': randomBytes(3000, seed + 100),
    'tokenizer_config.json': '{}',
    'model.safetensors.index.json': '{"weight_map":{}}',
    'model-00001-of-00002.safetensors': randomBytes(40_000, seed),
    'model-00002-of-00002.safetensors': randomBytes(25_000, seed + 50),
    'empty.txt': '',
  };
}
