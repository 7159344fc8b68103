import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureLlamaFactory } from '../../../tools/lib/llama_factory.mjs';
import { openFolder } from '../../../src/cli/files';
import { memoryFile } from '../../../src/core/file_reader';
import { DEFAULTS, type TrainSettings } from '../../../src/core/settings/settings';
import { folderTarget } from '../../../src/exports/targets/folder_target';
import { readAdapterFiles, type ReadAdapter } from '../../../src/models/adapter_files';
import { planExport, writeExport } from '../../../src/session/exports/exporting';
import { nodeFiles } from '../../../src/storage/node_files';
import { loadFixture } from '../../parity/fixtures';
import { useScripts } from '../python/python';
import { pathsOf, useDevice, useFolder, withTuned, type Tuned } from '../tuned';

/** The folder for a cluster, as TRL's script and LLaMA-Factory run it. */

const device = useDevice();
const folder = useFolder();
const runScript = useScripts();
const python = process.env['TUNESMITH_PYTHON'] ?? 'python3';
const llama = loadFixture('llama');
const paths = pathsOf(llama, 'f32');
const base = llama.folder;

const conversations = [
  { instruction: 'Where is the fish?', output: 'In the sea.' },
  { instruction: 'Where is the bird?', output: 'In the nest.' },
  {
    messages: [{ role: 'system', content: 'Be short.' }, ...turn('Hi', 'Hello.'), ...turn('Bye', 'See you.')],
  },
  { instruction: 'Name its home.', input: 'cow', output: 'The barn.' },
];
const texts = ['The fish is in the sea.', 'The bird is in its nest.', 'The cow is in the barn.'];

function turn(question: string, answer: string): readonly object[] {
  return [
    { role: 'user', content: question },
    { role: 'assistant', content: answer },
  ];
}

const usual: TrainSettings = {
  ...DEFAULTS,
  ...{ load_in_4bit: false, dtype: 'float32', max_steps: 2, r: 4, eval_split: 0.25, eval_steps: 2 },
  ...{ per_device_train_batch_size: 2, gradient_accumulation_steps: 1 },
};

/** Writes the folder for these rows and settings; returns its path. */
async function exported(
  name: string,
  changes: Partial<TrainSettings>,
  rows: readonly object[] = conversations,
  options: Readonly<Record<string, string>> = {},
): Promise<string> {
  const settings = { ...usual, ...changes };
  const bytes = new TextEncoder().encode(rows.map((row) => JSON.stringify(row)).join('\n'));
  const work = async ({ session }: Tuned): Promise<void> => {
    await session.setExamples([memoryFile('rows.jsonl', bytes)], settings);
    const plan = await planExport(session, 'cluster', options, 'en', settings);
    await writeExport(plan, folderTarget(nodeFiles(folder(name))));
  };
  await withTuned(device(), paths, work);
  return folder(name);
}

/** Runs Python in a process that imports everything itself. */
async function runPython(args: readonly string[], more: NodeJS.ProcessEnv): Promise<string> {
  const environment = { HF_HUB_OFFLINE: '1', CUDA_VISIBLE_DEVICES: '', OMP_NUM_THREADS: '1', ...more };
  const options = { env: { ...process.env, ...environment }, maxBuffer: 2 ** 28 };
  const { stdout } = await promisify(execFile)(python, args, options);
  return stdout;
}

/** Runs train.py and reads the adapter that it wrote. */
async function trained(path: string, ...more: readonly string[]): Promise<ReadAdapter> {
  const output = join(path, 'adapter');
  await runScript([join(path, 'train.py'), '--model', base, '--output_dir', output, ...more]);
  return await adapterIn(output);
}

/** Runs train.py in two processes, over which FSDP divides base and adapter. */
async function trainedByTwo(path: string): Promise<ReadAdapter> {
  const output = join(path, 'adapter_of_two');
  const config = join(path, 'fsdp_on_cpu.yaml');
  const given = await readFile(join(path, 'accelerate_fsdp.yaml'), 'utf8');
  await writeFile(config, given.replace('use_cpu: false', 'use_cpu: true'));
  const script = fileURLToPath(new URL('../python/fsdp_on_cpu.py', import.meta.url));
  const launch = ['-m', 'accelerate.commands.launch', '--config_file', config, '--num_processes', '2'];
  const port = ['--main_process_port', '0'];
  const run = [join(path, 'train.py'), '--model', base, '--output_dir', output];
  await runPython([...launch, ...port, script, ...run], { ACCELERATE_USE_CPU: 'true' });
  return await adapterIn(output);
}

async function adapterIn(output: string): Promise<ReadAdapter> {
  const { log_history } = JSON.parse(await readFile(join(output, 'trainer_state.json'), 'utf8')) as {
    readonly log_history: readonly Readonly<Record<string, number>>[];
  };
  expect(log_history.filter(({ loss }) => Number.isFinite(loss))).toHaveLength(2);
  return await withTuned(device(), paths, async ({ session }) =>
    readAdapterFiles(await openFolder(output, 'adapter'), session.layout.spec),
  );
}

describe('TRL’s script', () => {
  it.each<[string, Partial<TrainSettings>]>([
    [
      'variants',
      {
        ...{ use_dora: true, use_rslora: true, lora_dropout: 0.1, layers_to_transform: [1] },
        ...{
          rank_pattern: { q_proj: 2 },
          alpha_pattern: { v_proj: 3 },
          target_modules: ['q_proj', 'v_proj'],
        },
      },
    ],
    [
      'regularised',
      { loraplus_lr_ratio: 4, label_smoothing_factor: 0.1, neftune_noise_alpha: 5, train_on: 'all' },
    ],
    ['economical', { load_in_4bit: true, optim: 'adamw_8bit', gradient_checkpointing: true }],
  ])('trains %s, and the adapter opens here', async (name, settings) => {
    const adapter = await trained(await exported(name, settings));
    const { layout } = adapter;
    expect(layout.settings).toMatchObject({ r: 4, lora_alpha: 32, use_dora: settings.use_dora ?? false });
    const ranks = new Set(layout.modules.map(({ module, rank }) => `${module} ${rank}`));
    if (settings.rank_pattern) expect([...ranks]).toEqual(['q_proj 2', 'v_proj 4']);
    if (settings.layers_to_transform)
      expect(layout.modules.every(({ path }) => path.includes('.1.'))).toBe(true);
  });

  it('gives plain LoRA of twice the rank for PiSSA, and the same if FSDP divides it over two processes', async () => {
    const settings: Partial<TrainSettings> = {
      ...{ init_lora_weights: 'pissa', per_device_train_batch_size: 1, gradient_accumulation_steps: 2 },
      // Two processes divide the four rows evenly.
      ...{ shuffle: false, eval_split: 0 },
    };
    const path = await exported('pissa', settings);
    const one = await trained(path);
    expect(one.layout.settings).toMatchObject({ r: 8, init_lora_weights: true });
    const two = await trainedByTwo(path);
    expect(two.layout).toEqual(one.layout);
    const largest = one.parameters.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const error = one.parameters.reduce(
      (most, value, at) => Math.max(most, Math.abs(value - two.parameters[at]!)),
      0,
    );
    // Adam divides each gradient by its own size: its step of at most the rate takes over the gradient's relative error.
    // Sums of a few hundred products err by as many roundings.
    const roundings = 2 ** -23 * 512;
    expect(error).toBeLessThanOrEqual(roundings * Math.max(largest, 2 * usual.learning_rate));
  });

  it('refuses processes that know nothing of each other', async () => {
    const path = await exported('apart', {});
    const refused = runScript([join(path, 'train.py'), '--model', base], { WORLD_SIZE: '2' });
    await expect(refused).rejects.toThrow('A process needs one GPU of its own');
  });

  it('trains the open adapter further', async () => {
    const path = await exported('further', {}, conversations, { start_from: 'adapter' });
    const { layout } = await trained(path);
    expect(layout.settings).toMatchObject({
      r: llama.expected.lora.r,
      lora_alpha: llama.expected.lora.lora_alpha,
    });
  });

  it('reads texts anew for another model', async () => {
    const path = await exported(
      'texts',
      {},
      texts.map((text) => ({ text })),
    );
    expect((await trained(path, '--reread')).layout.settings.r).toBe(4);
  });
});

interface Read {
  readonly arguments: Readonly<Record<string, unknown>>;
  readonly accelerate: Readonly<Record<string, string>>;
  readonly tokens: Readonly<Record<string, readonly Labelled[]>>;
}

interface Labelled {
  readonly input_ids: readonly number[];
  readonly labels: readonly number[];
}

async function readByLlamaFactory(paths: readonly string[]): Promise<readonly Read[]> {
  const script = fileURLToPath(new URL('../python/read_llama_factory.py', import.meta.url));
  const PYTHONPATH = await ensureLlamaFactory(python);
  return JSON.parse(await runPython([script, base, ...paths], { PYTHONPATH })) as readonly Read[];
}

async function tokensIn(path: string, part: string): Promise<readonly Labelled[]> {
  const text = await readFile(join(path, `data/${part}_tokens.jsonl`), 'utf8');
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Labelled);
}

describe('LLaMA-Factory', () => {
  let ofConversations: Read;
  let ofTexts: Read;
  beforeAll(async () => {
    const settings: Partial<TrainSettings> = {
      ...{ lora_alpha: 7, target_modules: ['q_proj', 'down_proj'], loraplus_lr_ratio: 16, dtype: 'auto' },
      ...{ load_in_4bit: true, bnb_4bit_use_double_quant: false, max_seq_length: 99, warmup_steps: 0.05 },
      ...{ neftune_noise_alpha: 5 },
    };
    const paths = [
      await exported('factory', settings),
      await exported(
        'factory-texts',
        {},
        texts.map((text) => ({ text })),
      ),
    ];
    [ofConversations, ofTexts] = (await readByLlamaFactory(paths)) as [Read, Read];
    // The first time, pip installs LLaMA-Factory.
  }, 600_000);

  it('parses its file and makes the same tokens of the conversations', async () => {
    const read = ofConversations;
    expect(read.arguments).toEqual({
      ...{ lora_rank: 4, lora_alpha: 7, lora_target: ['q_proj', 'down_proj'], loraplus_lr_ratio: 16 },
      ...{ quantization_bit: 4, double_quantization: false, cutoff_len: 99, train_on_prompt: false },
      ...{ stage: 'sft', warmup: 50, neftune_noise_alpha: 5, bf16: true },
    });
    expect(read.accelerate).toEqual({ zero2: 'DEEPSPEED', fsdp: 'FSDP' });
    for (const [part, name] of [
      ['train', 'train_dataset'],
      ['eval', 'eval_dataset'],
    ] as const) {
      const ours = await tokensIn(folder('factory'), part);
      const theirs = read.tokens[name] ?? [];
      expect(theirs.map(({ input_ids }) => input_ids)).toEqual(ours.map(({ input_ids }) => input_ids));
      // LLaMA-Factory also learns the line break that this template writes after an answer.
      for (const [nth, { input_ids, labels }] of ours.entries()) {
        const more = theirs[nth]!.labels.flatMap((label, at) => (label === labels[at] ? [] : input_ids[at]!));
        expect(new Set(more).size).toBe(1);
        expect(labels.every((label, at) => label === -100 || theirs[nth]!.labels[at] === label)).toBe(true);
      }
    }
  });

  it('reads texts in its stage for them', async () => {
    expect(ofTexts.arguments).toMatchObject({ stage: 'pt' });
    const ours = await tokensIn(folder('factory-texts'), 'train');
    expect(ofTexts.tokens['train_dataset']?.map(({ input_ids }) => input_ids)).toEqual(
      ours.map(({ input_ids }) => input_ids),
    );
  });
});
