import { expect, test } from 'vitest';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import { adapterLayout } from '../../../../src/models/adapters/layout';
import { readSpec } from '../../../../src/models/config';
import { modelBytes, modelLayout } from '../../../../src/models/layout';
import { adapterBytes, chatMemory } from '../../../../src/models/memory';
import { mostChatRows, chatRows } from '../../../../src/session/models/loaded';
import { hasRoomForTwo } from '../../../../src/session/chat/two_answers';
import { PUBLISHED } from '../../models/published';

const spec = readSpec(PUBLISHED['Llama-3.2-1B'].config);
const load = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' as const };
const binding = 2 ** 31 - 4;
const model = modelLayout(spec, () => 'bf16', load, binding);
const adapter = adapterLayout(spec, DEFAULTS);
const limits = (maxBufferSize: number) => ({
  maxBufferSize,
  maxStorageBufferBindingSize: binding,
  maxComputeWorkgroupsPerDimension: 65535,
});

test('two conversations fit from the byte on that two of everything but the base and the adapter take', () => {
  const cacheRows = chatRows(model, 1000);
  const [base, tuned] = [undefined, adapter].map((each) =>
    chatMemory(model, each, { cacheRows, limits: limits(2 ** 31) }),
  );
  const bytes =
    modelBytes(model) + adapterBytes(adapter) + base!.cache + base!.chat + tuned!.cache + tuned!.chat;
  // A device is taken to have twice the memory of its largest buffer.
  expect(hasRoomForTwo(model, adapter, 1000, limits(bytes / 2))).toBe(true);
  expect(hasRoomForTwo(model, adapter, 1000, limits(bytes / 2 - 1))).toBe(false);
});

test('a short conversation may fit where a long one does not', () => {
  const [short, long] = [256, mostChatRows(model)].map(
    (tokens) =>
      chatMemory(model, undefined, { cacheRows: chatRows(model, tokens), limits: limits(2 ** 31) }).cache,
  );
  const between = modelBytes(model) + adapterBytes(adapter) + short! + long!;
  expect(hasRoomForTwo(model, adapter, 256, limits(between / 2))).toBe(true);
  expect(hasRoomForTwo(model, adapter, mostChatRows(model), limits(between / 2))).toBe(false);
});
