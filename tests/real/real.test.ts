import { mkdir, mkdtemp, open, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bytesOf } from '../../src/core/bytes';
import { floatsOf } from '../../src/core/dtype';
import { chatTemplateSource, jinjaTemplate } from '../../src/data/template';
import { loadTokenizer, type Tokenizer } from '../../src/data/tokenizer';
import { decodeCheckpoint } from '../../src/formats/checkpoint';
import { readTensors, writeSafetensors } from '../../src/formats/safetensors';
import { adapterLayout, readParameter, type AdapterLayout } from '../../src/models/adapters/layout';
import { namedTensors } from '../../src/models/adapter_files';
import { openCheckpoint, type Checkpoint } from '../../src/models/files';
import { DEFAULTS } from '../../src/core/settings/settings';
import { tunesmith, type Finished } from '../parity/cli_process';
import expected from './expected.json';

/*
 * A published model, SmolLM2-135M-Instruct in Q4_1, through the command line. expected.json has what transformers and peft
 * compute with the same weights in float32.
 */

const model = process.env['TUNESMITH_REAL_MODEL'] ?? '';
/**
 * The largest difference of logits, whose spread is about 20: both sides are float32 and differ in the order of their sums.
 * expected.json is rounded to 1e-4.
 */
const LOGIT_TOLERANCE = 2e-3;
const GRADIENT_TOLERANCE = 1e-3;

let folder: string;
let checkpoint: Checkpoint;
let tokenizer: Tokenizer;
let layout: AdapterLayout;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tunesmith-real-'));
  const file = await open(model);
  const read = async (begin: number, end: number) => {
    const bytes = new Uint8Array(end - begin);
    await file.read(bytes, 0, bytes.length, begin);
    return bytes;
  };
  const name = basename(model);
  checkpoint = await openCheckpoint(new Map([[name, { name, size: (await stat(model)).size, read }]]));
  await file.close();
  tokenizer = loadTokenizer(checkpoint.tokenizer, checkpoint.tokenizerConfig);
  layout = adapterLayout(checkpoint.spec, { ...DEFAULTS, ...settings });
  await writeAdapter();
  const messages = [
    { role: 'user', content: 'Who are you?' },
    { role: 'assistant', content: 'I be a pirate, and the sea be me home.' },
  ];
  await writeFile(at('rows.jsonl'), JSON.stringify({ messages }));
});
afterAll(() => rm(folder, { recursive: true }));

const { r, lora_alpha, target_modules } = expected.adapter;
const settings = { r, lora_alpha, target_modules, lora_dropout: 0 };

/** The adapter that make_expected.py starts from. */
async function writeAdapter(): Promise<void> {
  const shapes = new Map(namedTensors(layout).map(({ name, tensor }) => [name, tensor.shape]));
  const tensors = expected.adapter.names.map((name, number) => {
    const shape = shapes.get(name);
    if (!shape) throw new Error(`this model's adapter has no ${name}`);
    const [rows = 0, columns = 0] = shape;
    const values = Float32Array.from({ length: rows * columns }, (_, index) => {
      const [i, j] = [Math.floor(index / columns), index % columns];
      return 0.02 * Math.sin(0.37 * i + 0.011 * j + number);
    });
    return { name, dtype: 'F32' as const, shape, data: bytesOf(values) };
  });
  expect(tensors).toHaveLength(shapes.size);
  const config = { peft_type: 'LORA', task_type: 'CAUSAL_LM', ...settings };
  await mkdir(at('adapter'));
  await writeFile(at('adapter/adapter_config.json'), JSON.stringify(config));
  await writeFile(at('adapter/adapter_model.safetensors'), writeSafetensors(tensors, { format: 'pt' }));
}

async function succeeds(args: readonly string[]): Promise<Finished> {
  const result = await tunesmith(args);
  expect(result.code, result.error).toBe(0);
  return result;
}

async function logitsOf(name: string, ...args: string[]): Promise<Float32Array> {
  const ids = expected.input_ids.join(',');
  await succeeds(['logits', ...args, '--input_ids', ids, '--output', at(name)]);
  const { tensors } = readTensors(await readFile(at(name)));
  return floatsOf('F32', tensors.get('logits')!.data);
}

/** The largest difference from the logits that expected.json has, every thousandth of each position. */
function difference(logits: Float32Array, rows: readonly (readonly number[])[]): number {
  const vocabulary = logits.length / rows.length;
  let largest = 0;
  rows.forEach((row, position) =>
    row.forEach((value, index) => {
      largest = Math.max(largest, Math.abs(value - logits[position * vocabulary + index * 1000]!));
    }),
  );
  return largest;
}

describe('a published model', () => {
  it('has the tokens and the template of transformers', () => {
    for (const [text, ids] of Object.entries(expected.tokens))
      expect(tokenizer.encode(text), text).toEqual(ids);
    const template = jinjaTemplate(chatTemplateSource(checkpoint.tokenizerConfig) ?? '', {
      specialTokens: tokenizer.specialTokens,
    });
    const question = { role: 'user' as const, content: 'What is the capital of France?' };
    expect(template.render([question], true)).toBe(expected.prompt);
    expect(tokenizer.encode(expected.rendered)).toEqual(expected.input_ids);
  });

  it('answers as it does in transformers', async () => {
    const question = [
      '--prompt',
      'What is the capital of France?',
      '--temperature',
      '0',
      '--max_new_tokens',
      '12',
    ];
    const { events } = await succeeds(['chat', '--model', model, ...question, '--json']);
    expect(events.at(-1)?.answer).toBe(expected.answer);
  });

  it('gives the logits of transformers', async () => {
    const logits = await logitsOf('base.safetensors', '--model', model);
    expect(difference(logits, expected.logits)).toBeLessThan(LOGIT_TOLERANCE);
    const vocabulary = logits.length / expected.likeliest.length;
    const likeliest = expected.likeliest.map((_, position) => {
      const row = logits.subarray(position * vocabulary, (position + 1) * vocabulary);
      return row.indexOf(Math.max(...row));
    });
    expect(likeliest).toEqual(expected.likeliest);
  });

  it('has the loss and the gradients of peft in a step of training', async () => {
    const files = ['--model', model, '--data', at('rows.jsonl'), '--output_dir', at('run')];
    const step = `--init_adapter ${at('adapter')} --max_steps 1 --per_device_train_batch_size 1
      --gradient_accumulation_steps 1 --max_grad_norm 0 --train_on all --eval_split 0 --warmup_steps 0 --json`;
    const { events } = await succeeds(['train', ...files, ...step.split(/\s+/)]);
    const told = events.find(({ event }) => event === 'step');
    expect(Math.abs(Number(told?.loss) / expected.loss - 1)).toBeLessThan(1e-4);
    expect(Math.abs(Number(told?.grad_norm) / expected.grad_norm - 1)).toBeLessThan(GRADIENT_TOLERANCE);

    // After the first step the first moment is a tenth of the gradient.
    const names = await readdir(at('run'), { recursive: true });
    const file = names.find((name) => basename(name) === 'checkpoint-1.safetensors') ?? '';
    const { tensors } = await decodeCheckpoint(new Uint8Array(await readFile(at(`run/${file}`))));
    const moment = tensors.find(({ name }) => name === 'moment1');
    const flat = floatsOf('F32', moment!.data);
    const norms: Readonly<Record<string, number>> = expected.gradients;
    for (const { name, tensor } of namedTensors(layout)) {
      const norm = Math.hypot(...readParameter(flat, tensor)) / (1 - DEFAULTS.adam_beta1);
      expect(Math.abs(norm / norms[name]! - 1), name).toBeLessThan(GRADIENT_TOLERANCE);
    }
  });

  it('exports a merged checkpoint that gives the logits of base and adapter', async () => {
    const adapted = await logitsOf('adapted.safetensors', '--model', model, '--adapter', at('adapter'));
    expect(difference(adapted, expected.tuned_logits)).toBeLessThan(LOGIT_TOLERANCE);
    const whole = ['--format', 'merged', '--export_dtype', 'float32', '--output', at('merged')];
    await succeeds(['export', '--model', model, '--adapter', at('adapter'), ...whole]);
    const merged = await logitsOf('merged.safetensors', '--model', at('merged'), '--load_in_4bit', 'false');
    expect(difference(merged, expected.tuned_logits)).toBeLessThan(LOGIT_TOLERANCE);
  });
});
