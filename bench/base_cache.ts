// Measures how fast a saved base is loaded: 0.5 billion parameters in NF4 (the shapes of Qwen2.5-0.5B, random bytes),
// read, compared with its hashes and uploaded to the device, compared with only reading the same file. tools/bench.mjs
// runs it and gives the folder to work in.
import { spawnSync } from 'node:child_process';
import type { Profiler } from 'node:inspector';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import type { LoadSettings } from '../src/core/settings/settings';
import { openDevice } from '../src/cli/device';
import type { BufferRange } from '../src/gpu/buffers';
import { readSpec } from '../src/models/config';
import { modelLayout, weightSlots } from '../src/models/layout';
import { loadModel } from '../src/models/load';
import { parameterCount } from '../src/models/spec';
import { PIECE_BYTES } from '../src/models/pieces';
import { openBase, saveBase } from '../src/storage/saved_base';
import { nodeFiles } from '../src/storage/node_files';

const RUNS = 5;

const config = {
  architectures: ['Qwen2ForCausalLM'],
  model_type: 'qwen2',
  hidden_size: 896,
  intermediate_size: 4864,
  num_hidden_layers: 24,
  num_attention_heads: 14,
  num_key_value_heads: 2,
  vocab_size: 151936,
  max_position_embeddings: 32768,
  tie_word_embeddings: true,
};
const load: LoadSettings = { load_in_4bit: true, bnb_4bit_use_double_quant: true, dtype: 'auto' };

const folder = process.argv[2] ?? '.';
const store = nodeFiles(folder);
const spec = readSpec(config);
const layout = modelLayout(spec, () => 'bf16', load, 2 ** 27);
const id = await saveBase(
  store,
  {
    layout,
    buffers: new Map(weightSlots(layout).map(({ slot }) => [slot, {} as GPUBuffer])),
    device: { buffers: { readRanges: (ranges) => Promise.resolve(madeUp(ranges)) } },
  },
  {
    config,
    tokenizer: {},
    tokenizerConfig: {},
    templateFile: undefined,
    texts: {},
    generationConfig: undefined,
    notes: [],
  },
  { name: 'made up', source: { kind: 'files', name: 'made up' }, modelHash: 'made up' },
);
const path = `bases/${id}/base.bin`;

const inspector = new Session();
inspector.connect();
await inspector.post('Profiler.enable');

const device = await openDevice();
const seconds: { plain: number; loaded: number; own: number; held: number }[] = [];
for (let run = 0; run < RUNS; run++) {
  forget();
  const plain = await timed(readPlainly);
  forget();
  let held = 0;
  await inspector.post('Profiler.start');
  const loaded = await timed(async () => {
    const base = await openBase(store, id);
    if (!base) throw new Error('the base was not kept');
    const model = await loadModel(device, base.checkpoint, base.load, () => {
      held = Math.max(held, process.memoryUsage().arrayBuffers);
    });
    model.destroy();
  });
  const { profile } = await inspector.post('Profiler.stop');
  seconds.push({ plain, loaded, own: secondsOfOwnCode(profile), held });
}
const bytes = await store.size(path);
const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[RUNS >> 1] ?? NaN;
const plain = median(seconds.map((each) => each.plain));
const loaded = median(seconds.map((each) => each.loaded));
const result = {
  device: device.description,
  parameters: parameterCount(spec),
  bytes,
  plain_read_seconds: plain,
  load_seconds: loaded,
  ratio: loaded / plain,
  // Time in functions of this project. Reading, hashing, copying, allocating and waiting happen outside of JavaScript.
  javascript_seconds: median(seconds.map(({ own }) => own)),
  load_bytes_per_second: bytes / loaded,
  array_buffers_peak_bytes: Math.max(...seconds.map(({ held }) => held)),
};
process.stdout.write(`${JSON.stringify(result, null, 2)}\n`);
device.destroy();

function madeUp(ranges: readonly BufferRange[]): ArrayBuffer {
  const words = new Uint32Array(ranges.reduce((sum, range) => sum + range.bytes, 0) / 4);
  for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + 1, 2654435761);
  return words.buffer;
}

async function readPlainly(): Promise<void> {
  const file = await store.openReader(path);
  if (!file) throw new Error('the base was not kept');
  const into = new ArrayBuffer(PIECE_BYTES);
  for (let at = 0; at < file.size; at += PIECE_BYTES) {
    await file.read(at, Math.min(at + PIECE_BYTES, file.size), into);
  }
}

/** Drops the file from the system's cache, if `dd` can do that; otherwise the file is read from memory. */
function forget(): void {
  spawnSync('dd', [`of=${join(folder, path)}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], {
    stdio: 'ignore',
  });
}

function secondsOfOwnCode({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): number {
  const own = new Set(nodes.filter(({ callFrame }) => callFrame.url === import.meta.url).map(({ id }) => id));
  return samples.reduce((sum, id, index) => sum + (own.has(id) ? (timeDeltas[index] ?? 0) : 0), 0) / 1e6;
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}
