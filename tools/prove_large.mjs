// Measures a large model: writes a checkpoint of 1.5 billion random parameters in shards (the shapes of Qwen2.5-1.5B),
// and lets the command line load it, train one step and save. Prints times and peak memory.
//
//   node tools/prove_large.mjs [--shapes 1.5b|0.5b] [--tokens 32] [--folder DIR]
//
// --folder keeps the checkpoint for the next time; without it, a temporary folder is used and removed.
import { mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeMadeUpCheckpoint } from './lib/made_up_checkpoint.mjs';
import { log, parsed, prepareRun } from './lib/made_up_run.mjs';
import { run } from './lib/run.mjs';

const { values } = parseArgs({
  options: {
    shapes: { type: 'string', default: '1.5b' },
    tokens: { type: 'string', default: '32' },
    folder: { type: 'string' },
  },
});
const { shapes, program, env } = await prepareRun(values.shapes);

const scratch = await mkdtemp(join(tmpdir(), 'tunesmith-large-'));
try {
  const model = values.folder ?? join(scratch, 'model');
  const parameters = await writeMadeUpCheckpoint(model, shapes, log);
  const data = join(scratch, 'data.json');
  await writeFile(
    data,
    JSON.stringify([{ text: 'The quick brown fox jumps over the lazy dog. '.repeat(20) }]),
  );
  const output = join(scratch, 'adapter');
  const args = [
    ...['train', '--json', '--model', model, '--data', data, '--output_dir', output],
    ...['--max_steps', '1', '--max_seq_length', values.tokens, '--per_device_train_batch_size', '1'],
    ...['--gradient_accumulation_steps', '1', '--gradient_checkpointing', 'true', '--eval_split', '0'],
    ...['--eval_steps', '0', '--train_on', 'all', '--warmup_ratio', '0'],
  ];
  const started = performance.now();
  const { code, output: text } = await run(process.execPath, [program, ...args], { output: 'capture', env });
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`The command line ended with ${code}:\n${text}`);
  const events = text.split('\n').filter((line) => line.startsWith('{'));
  const found = events.map(parsed);
  const step = found.find(({ event }) => event === 'step');
  const memory = found.find(({ event }) => event === 'memory');
  if (!step || !memory) throw new Error(`The command line told no step or no memory:\n${text}`);
  const saved = await savedFiles(output);
  process.stdout.write(
    `${JSON.stringify({ parameters, checkpoint_bytes: await folderBytes(model), seconds, step, memory, saved }, null, 2)}\n`,
  );
} finally {
  await rm(scratch, { recursive: true, force: true });
}

/** @param {string} folder */
async function savedFiles(folder) {
  const config = parsed(await readFile(join(folder, 'adapter_config.json'), 'utf8'));
  const bytes = await readFile(join(folder, 'adapter_model.safetensors'));
  return { r: config['r'], adapter_bytes: bytes.length, trained: isTrained(bytes) };
}

/**
 * Whether the step changed every B of the adapter, which begins as zeros.
 * @param {Buffer} bytes a safetensors file
 */
function isTrained(bytes) {
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = /** @type {Record<string, { data_offsets?: [number, number] }>} */ (
    parsed(bytes.toString('utf8', 8, start))
  );
  return Object.entries(header)
    .filter(([name]) => name.includes('lora_B'))
    .every(([, { data_offsets: [begin, end] = [0, 0] }]) =>
      bytes.subarray(start + begin, start + end).some((byte) => byte !== 0),
    );
}

/** @param {string} folder */
async function folderBytes(folder) {
  const names = await readdir(folder);
  const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}
