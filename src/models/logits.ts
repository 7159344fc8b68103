import { compile } from '../graph/compile';
import type { Program } from '../graph/program';
import type { Adapter } from './adapter';
import { GENERATION_SLOTS, planGeneration } from './generation_graph';
import { SequenceCache } from './sequence_cache';
import type { Model } from './model';

/** Rows at once: few, so that the logits of a large vocabulary stay small. */
const ROWS = 64;

/** Logits of every token, f32 [tokens, vocabulary], computed in float32. Throws the signal's reason. */
export async function allLogits(
  model: Model,
  adapter: Adapter | undefined,
  ids: readonly number[],
  signal?: AbortSignal,
): Promise<Float32Array<ArrayBuffer>> {
  const { device, layout } = model;
  const { vocabularySize } = layout.spec;
  const options = {
    capacity: ROWS,
    cacheRows: ids.length,
    limits: device.float32Limits,
    logits: 'all' as const,
  };
  const { plan, logits } = planGeneration(layout, adapter?.layout, options);
  const cache = new SequenceCache(model, ids.length);
  let program: Program | undefined;
  try {
    const buffers = new Map([...model.buffers, ...cache.buffers, ...(adapter?.buffers ?? [])]);
    program = await compile(device, plan, { buffers, inputs: GENERATION_SLOTS, purpose: 'chat', signal });
    await adapter?.ready(model);
    const result = new Float32Array(ids.length * vocabularySize);
    const stride = Math.ceil(vocabularySize / 4) * 4;
    for (let past = 0; past < ids.length; past += ROWS) {
      const chunk = ids.slice(past, past + ROWS);
      program.write('tokens', Uint32Array.from(chunk));
      await program.run({ rows: chunk.length, past }, signal);
      const padded = new Float32Array(await program.read(logits, chunk.length));
      chunk.forEach((_, row) => {
        const values = padded.subarray(row * stride, row * stride + vocabularySize);
        result.set(values, (past + row) * vocabularySize);
      });
    }
    return result;
  } finally {
    program?.destroy();
    cache.destroy();
  }
}
