import type { AdapterLayout } from '../../models/adapters/layout';
import { modelBytes, type ModelLayout } from '../../models/layout';
import { adapterBytes, chatMemory } from '../../models/memory';
import type { Limits } from '../../ops/op';
import { needOf } from '../plans/fit';
import { chatRows } from '../models/loaded';

/**
 * Whether the device has room to answer with the base and with an adapter at the same time: each then has its own caches
 * and activations.
 *
 * @param tokens of the longer conversation, including its answer
 */
export function hasRoomForTwo(
  model: ModelLayout,
  adapter: AdapterLayout,
  tokens: number,
  limits: Limits,
): boolean {
  const cacheRows = chatRows(model, tokens);
  const need = needOf(() => {
    const base = chatMemory(model, undefined, { cacheRows, limits });
    const tuned = chatMemory(model, adapter, { cacheRows, limits });
    return {
      base: modelBytes(model),
      adapter: adapterBytes(adapter),
      cache: base.cache + tuned.cache,
      chat: base.chat + tuned.chat,
    };
  }, limits);
  return need.level === 'yes';
}
