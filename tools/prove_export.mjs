// Measures the export of a large model: writes a checkpoint of 1.5 billion random parameters in shards (the shapes of
// Qwen2.5-1.5B) and a random adapter, and lets the command line export both. Prints the time, and the memory of the
// process above that with the open base. On software rendering this includes the memory of the device. Linux only.
//
//   node tools/prove_export.mjs [--shapes 1.5b|0.5b] [--format merged] [--option NAME=VALUE …] [--folder DIR]
//
// --folder keeps the checkpoint for the next time; without it, a temporary folder is used and removed.
import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { writeMadeUpCheckpoint } from './lib/made_up_checkpoint.mjs';
import { log, parsed, prepareRun } from './lib/made_up_run.mjs';

const { values } = parseArgs({
  options: {
    shapes: { type: 'string', default: '1.5b' },
    format: { type: 'string', default: 'merged' },
    option: { type: 'string', multiple: true, default: [] },
    folder: { type: 'string' },
  },
});
const { shapes, program, env } = await prepareRun(values.shapes);

const scratch = await mkdtemp(join(tmpdir(), 'tunesmith-export-'));
try {
  const model = values.folder ?? join(scratch, 'model');
  await writeMadeUpCheckpoint(model, shapes, log);
  const adapter = join(scratch, 'adapter');
  await writeMadeUpAdapter(adapter, shapes);
  const args = [
    ...['export', '--json', '--model', model, '--adapter', adapter, '--load_in_4bit', 'true'],
    ...['--format', values.format, '--output', join(scratch, 'exported')],
    ...values.option.flatMap((option) => [`--${option.split('=')[0]}`, option.split('=').slice(1).join('=')]),
  ];
  process.stdout.write(`${JSON.stringify(await measure(args), null, 2)}\n`);
} finally {
  await rm(scratch, { recursive: true, force: true });
}

/**
 * Runs the command line. The base is open once it has told the first file.
 * @param {string[]} args
 */
async function measure(args) {
  const child = spawn(process.execPath, [program, ...args], { env: { ...process.env, ...env } });
  let output = '';
  let told = '';
  /** @type {{ seconds: number, bytes: number } | undefined} */
  let open;
  let peak = 0;
  const started = performance.now();
  const seconds = () => (performance.now() - started) / 1000;
  child.stdout.on('data', (chunk) => (output += String(chunk)));
  child.stderr.on('data', (chunk) => (told += String(chunk)));
  /** @type {Promise<number | null>} */
  const ended = new Promise((resolve) =>
    child.on('close', (/** @type {number | null} */ end) => resolve(end)),
  );
  /** @type {number | null | undefined} */
  let code;
  for (;;) {
    const bytes = await residentBytes(child.pid);
    if (!open && /\.(safetensors|gguf|onnx|json|md)\b/.test(told)) open = { seconds: seconds(), bytes };
    if (open) peak = Math.max(peak, bytes);
    code = await Promise.race([ended, later(100)]);
    if (code !== undefined) break;
  }
  if (code !== 0 || !open) throw new Error(`The command line ended with ${code}:\n${told}`);
  const result = parsed(output.trim().split('\n').at(-1) ?? '{}');
  return {
    format: values.format,
    options: values.option,
    seconds_to_open: open.seconds,
    seconds_to_export: seconds() - open.seconds,
    open_bytes: open.bytes,
    peak_bytes: peak,
    above_bytes: peak - open.bytes,
    checked: { difference: result['difference'], allowed: result['allowed'], share: result['share'] },
  };
}

/**
 * @param {number} milliseconds
 * @returns {Promise<undefined>}
 */
function later(milliseconds) {
  return new Promise((resolve) => setTimeout(() => resolve(undefined), milliseconds));
}

/** @param {number | undefined} pid */
async function residentBytes(pid) {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  return 1024 * Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
}

/**
 * Writes a random adapter of rank 8 for all maps, as PEFT does.
 * @param {string} folder
 * @param {import('./lib/made_up_checkpoint.mjs').Shapes} given
 */
async function writeMadeUpAdapter(folder, given) {
  if (await stat(folder).catch(() => undefined)) return;
  const { hidden_size: hidden, intermediate_size: wide, num_hidden_layers: layers } = given;
  const keys = (hidden / given.num_attention_heads) * given.num_key_value_heads;
  const maps = /** @type {const} */ ([
    ['self_attn.q_proj', hidden, hidden],
    ['self_attn.k_proj', keys, hidden],
    ['self_attn.v_proj', keys, hidden],
    ['self_attn.o_proj', hidden, hidden],
    ['mlp.gate_proj', wide, hidden],
    ['mlp.up_proj', wide, hidden],
    ['mlp.down_proj', hidden, wide],
  ]);
  const rank = 8;
  /** @type {Record<string, { dtype: string, shape: number[], data_offsets: number[] }>} */
  const header = {};
  /** @type {Buffer[]} */
  const parts = [];
  let at = 0;
  const add = /** @param {string} name @param {[number, number]} shape */ (name, shape) => {
    // Large enough that steps of 4 bits hold most of the change.
    const data = Float32Array.from({ length: shape[0] * shape[1] }, () => 0.06 * (Math.random() - 0.5));
    const bytes = Buffer.from(data.buffer);
    header[name] = { dtype: 'F32', shape, data_offsets: [at, at + bytes.length] };
    parts.push(bytes);
    at += bytes.length;
  };
  for (let layer = 0; layer < layers; layer++) {
    for (const [name, out, input] of maps) {
      const path = `base_model.model.model.layers.${layer}.${name}`;
      add(`${path}.lora_A.weight`, [rank, input]);
      add(`${path}.lora_B.weight`, [out, rank]);
    }
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'adapter_model.safetensors'), Buffer.concat([length, text, ...parts]));
  await writeFile(
    join(folder, 'adapter_config.json'),
    JSON.stringify({
      ...{ peft_type: 'LORA', task_type: 'CAUSAL_LM', base_model_name_or_path: 'made-up', r: rank },
      ...{ lora_alpha: 2 * rank, lora_dropout: 0, bias: 'none', fan_in_fan_out: false },
      target_modules: maps.map(([name]) => name.split('.')[1]),
    }),
  );
}
