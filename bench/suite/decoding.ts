import type { Device } from '../../src/gpu/device';
import { cacheBytes, planChat } from '../../src/models/generation_graph';
import { Generator } from '../../src/models/generation';
import { SequenceCache } from '../../src/models/sequence_cache';
import { weightSlots } from '../../src/models/layout';
import type { Filler } from './fill';
import { fit } from './fit';
import type { Measurement } from './measure';
import { layoutsOf, type ModelName } from './models';
import { randomModel } from './random_model';

/** Decoding token by token, ready to run. A run decodes some tokens, and its figure is the seconds of one. */
export interface Decoding extends Measurement {
  /** Bytes that one token must read at least: every weight, and the keys and values of the tokens before it. */
  readonly bytes: number;
  destroy(): void;
}

/** Decoding as in chat, with the likeliest tokens read back each time; only the base, after `past` tokens. */
export async function decoding(
  device: Device,
  filler: Filler,
  {
    model: name,
    past,
    tokens,
  }: { readonly model: ModelName; readonly past: number; readonly tokens: number },
): Promise<Decoding> {
  const { spec, model: layout } = layoutsOf(name, device.limits.maxStorageBufferBindingSize);
  const { limits } = device;
  await fit(device, () => {
    const { prefill, decode } = planChat(layout, undefined, { cacheRows: past + tokens, limits });
    return [{ plan: prefill.plan }, { plan: decode.plan, past }];
  });
  const model = await randomModel(device, filler, layout);
  const cache = new SequenceCache(model, past + tokens);
  const destroy = (): void => {
    cache.destroy();
    model.destroy();
  };
  try {
    const generator = await Generator.compile(model, undefined, cache);
    const rows = cacheBytes(spec, past);
    // A tied head reads the whole embedding; a separate embedding only reads one row.
    const embedding = 'model.embed_tokens.weight';
    const weights = weightSlots(layout).filter(({ slot }) => spec.tiedHead || !slot.startsWith(embedding));
    return {
      bytes: weights.reduce((sum, { bytes }) => sum + bytes, rows),
      run: async () => {
        const started = performance.now();
        for (let i = 0; i < tokens; i++) await generator.likeliest([i % spec.vocabularySize], past + i);
        return (performance.now() - started) / 1000 / tokens;
      },
      destroy: () => {
        generator.destroy();
        destroy();
      },
    };
  } catch (error) {
    destroy();
    throw error;
  }
}
