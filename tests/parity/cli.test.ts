import { existsSync, mkdirSync, watch } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { floatsOf } from '../../src/core/dtype';
import { readTensors } from '../../src/formats/safetensors';
import { npmTunesmith, tunesmith, type Finished } from './cli_process';
import { loadFixture, maxError } from './fixtures';

const fixture = loadFixture('qwen3');
const model = fixture.folder;
const adapter = join(model, 'adapter');
const places: readonly (readonly [string, string])[] = [
  ['fish', 'sea'],
  ['bird', 'nest'],
  ['cow', 'barn'],
  ['bee', 'hive'],
  ['fox', 'den'],
];

let folder: string;
let rows: string;
const at = (name: string): string => join(folder, name);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tunesmith-cli-'));
  rows = at('rows.jsonl');
  const lines = places.map(([animal, place]) =>
    JSON.stringify({ instruction: `Where is the ${animal}?`, output: `In the ${place}.` }),
  );
  await writeFile(rows, lines.join('\n'));
});
afterAll(() => rm(folder, { recursive: true }));

const STEPS = 8;

function trainArguments(output: string, ...more: string[]): string[] {
  const settings = `--max_steps ${STEPS} --save_steps 2 --r 4 --lora_dropout 0.1 --neftune_noise_alpha 5 --learning_rate 0.005
    --per_device_train_batch_size 2 --gradient_accumulation_steps 2 --eval_split 0.2 --eval_steps ${STEPS} --json`;
  const files = ['--model', model, '--data', rows, '--output_dir', at(output)];
  return ['train', ...files, ...settings.split(/\s+/), ...more];
}

async function succeeds(
  args: readonly string[],
  ...more: Parameters<typeof tunesmith>[1][]
): Promise<Finished> {
  const result = await tunesmith(args, ...more);
  expect(result.error).toBe('');
  expect(result.code).toBe(0);
  return result;
}

/** Acts once a process holds an output folder, which is made here to be watched. */
function onceLocked(output: string, act: () => void): void {
  mkdirSync(at(output));
  const lock = '.tunesmith.lock';
  const watcher = watch(at(output), (_, name) => {
    if (name !== lock || !existsSync(at(`${output}/${lock}`))) return;
    watcher.close();
    act();
  });
}

const weights = (output: string): Promise<Buffer> => readFile(join(at(output), 'adapter_model.safetensors'));

describe('train', () => {
  it('writes a PEFT folder and tells every step as JSON', async () => {
    const { events } = await succeeds(trainArguments('whole'));
    expect(events[0]).toMatchObject({
      event: 'examples',
      notes: [{ code: 'conversations_template' }],
      problems: [],
    });
    const steps = events.filter(({ event }) => event === 'step');
    expect(steps.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    for (const step of steps) {
      expect(Object.keys(step)).toEqual([
        'event',
        'step',
        'loss',
        'learning_rate',
        'grad_norm',
        'target_tokens',
        'tokens_per_second',
      ]);
    }
    expect(steps.at(-1)?.loss).toBeLessThan(Number(steps[0]?.loss));
    expect(events.at(-3)).toMatchObject({ event: 'eval', step: STEPS });
    expect(events.at(-3)?.perplexity).toBeCloseTo(Math.exp(Number(events.at(-3)?.eval_loss)), 10);
    expect(events.at(-2)).toMatchObject({ event: 'memory' });
    expect(events.at(-1)).toEqual({ event: 'done', output_dir: at('whole'), adapter_step: STEPS });

    const names = await readdir(at('whole'));
    expect(names.sort()).toEqual([
      'README.md',
      'adapter_config.json',
      'adapter_model.safetensors',
      'chat_template.jinja',
      'runs',
      'settings.yaml',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    expect(JSON.parse(await readFile(at('whole/adapter_config.json'), 'utf8'))).toMatchObject({
      peft_type: 'LORA',
      r: 4,
      lora_dropout: 0.1,
    });
    expect(await readFile(at('whole/README.md'), 'utf8')).toMatch(
      /\| rows\.jsonl \| 4 \| [\d,]+ \| [\d,]+ \| 1 \|/,
    );
  });

  it('gives the same bytes after a kill, a stop, and going on twice', async () => {
    const killed = await tunesmith(trainArguments('broken'), (line, kill) => {
      if (line.includes('"step":3')) kill('SIGKILL');
    });
    expect(killed.code).toBeNull();
    expect(existsSync(at('broken/adapter_config.json'))).toBe(false);

    // The settings come from the checkpoint.
    const again = ['train', '--model', model, '--data', rows, '--output_dir', at('broken'), '--json'];
    const goOn = [...again, '--resume_from_checkpoint', 'true'];
    const stopped = await tunesmith(goOn, (line, kill) => {
      if (line.includes('"step":5')) kill('SIGINT');
    });
    expect(stopped.code).toBe(130);
    expect(stopped.error).toContain('The last step is saved');
    expect(stopped.error).toMatch(/Stopped at step \d of 8; the adapter of that step is in /);
    expect(stopped.events.some(({ event }) => event === 'done')).toBe(false);
    const [first] = stopped.events.filter(({ event }) => event === 'step');
    expect(Number(first?.step)).toBeGreaterThan(2);
    expect(await weights('broken')).not.toEqual(await weights('whole'));

    const { events } = await succeeds(goOn);
    expect(events.at(-1)).toMatchObject({ event: 'done' });
    expect(Buffer.compare(await weights('broken'), await weights('whole'))).toBe(0);
  });

  it('stops early, says so, and keeps the adapter of the best step', async () => {
    // The held-out answer has words that the others lack, so it gets less likely as they are learnt.
    await mkdir(at('parted'));
    await cp(rows, at('parted/rows.jsonl'));
    const other = { instruction: 'Where is the fish?', output: 'zqk ZQK 77 zqk ZQK 77' };
    await writeFile(at('parted/held.jsonl'), JSON.stringify(other));
    const own = (output: string, more: string): string[] => {
      const settings = `--dataset rows.jsonl --eval_dataset held.jsonl --r 16 --learning_rate 0.01 --lr_scheduler_type constant
        --per_device_train_batch_size 2 --gradient_accumulation_steps 2 --save_steps 100 --json ${more}`;
      const files = ['--model', model, '--data', at('parted'), '--output_dir', at(output)];
      return ['train', ...files, ...settings.split(/\s+/)];
    };
    const stopping = '--load_best_model_at_end true --early_stopping_patience 3 --save_total_limit 1';
    const { events } = await succeeds(own('soon', `--max_steps 60 --eval_steps 2 ${stopping}`));
    const evaluated = events.filter(({ event }) => event === 'eval');
    const best = evaluated.reduce((a, b) => (Number(b.eval_loss) < Number(a.eval_loss) ? b : a));
    expect(events.filter(({ event }) => event === 'step')).toHaveLength(Number(best.step) + 3 * 2);
    const notes = events.flatMap(({ event, note }) =>
      event === 'note' ? (note as { code: string }).code : [],
    );
    expect(notes).toEqual(expect.arrayContaining(['stopped_early', 'best_step_taken']));
    expect(events.at(-1)).toMatchObject({ event: 'done', adapter_step: best.step });
    await succeeds(own('best', `--max_steps ${String(best.step)} --eval_steps 0`));
    expect(Buffer.compare(await weights('soon'), await weights('best'))).toBe(0);
    expect(await readFile(at('soon/README.md'), 'utf8')).toContain(`of step ${String(best.step)}, after`);
  });

  it('leaves no adapter and no success if it is stopped before the first step', async () => {
    const { code, error, events } = await tunesmith(trainArguments('early'), undefined, (kill) =>
      onceLocked('early', () => kill('SIGTERM')),
    );
    expect(code).toBe(143);
    expect(error).toContain('Stopped');
    expect(events.some(({ event }) => event === 'done')).toBe(false);
    expect(existsSync(at('early/adapter_config.json'))).toBe(false);
    expect(existsSync(at('early/.tunesmith.lock'))).toBe(false);
  });

  it('leaves a folder to the process that trains in it', async () => {
    let other: Promise<Finished> | undefined;
    const { code, events } = await tunesmith(trainArguments('shared'), undefined, (kill) =>
      onceLocked('shared', () => {
        // The first one holds the folder for as long as the second one lasts.
        kill('SIGSTOP');
        other = tunesmith(trainArguments('shared')).finally(() => kill('SIGCONT'));
      }),
    );
    const refused = await other;
    expect(refused?.error).toContain('another process is writing to');
    expect(refused?.code).toBe(1);
    expect(code).toBe(0);
    expect(events.at(-1)).toMatchObject({ event: 'done' });
    expect(Buffer.compare(await weights('shared'), await weights('whole'))).toBe(0);
  });

  it('does not go on over weights that have changed', async () => {
    const own = at('own');
    await cp(model, own, { recursive: true });
    const begin = ['train', '--model', own, '--data', rows, '--output_dir', at('changed'), '--json'];
    await succeeds([...begin, '--max_steps', '1', '--r', '2', '--eval_split', '0']);
    const weightsFile = join(own, 'model.safetensors');
    const bytes = await readFile(weightsFile);
    // Far from the header and from the file's ends.
    bytes[Math.floor(bytes.length * 0.61)]! ^= 1;
    await writeFile(weightsFile, bytes);
    const resumed = await tunesmith([...begin, '--max_steps', '2', '--resume_from_checkpoint']);
    expect(resumed.error).toContain('is not the model that this run was trained on');
    expect(resumed.code).toBe(2);
  });

  it('begins with an adapter, whose rank and targets then hold', async () => {
    const files = ['--model', model, '--data', rows, '--output_dir', at('more'), '--init_adapter', adapter];
    await succeeds(['train', ...files, '--max_steps', '1', '--eval_split', '0', '--json']);
    const expected = readTensors(await readFile(join(adapter, 'adapter_model.safetensors'))).tensors;
    const found = readTensors(await weights('more')).tensors;
    expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
    // The first step of the warm-up has a rate of 0.
    for (const [name, { data }] of found) expect(Buffer.compare(data, expected.get(name)!.data)).toBe(0);
  });
});

describe('the other commands', () => {
  it.each([
    ['base_logits', 1, []],
    ['logits', 0, ['--adapter', adapter]],
  ] as const)('logits writes the %s that PyTorch computes', async (name, example, options) => {
    const ids = fixture.expected.batch[example]!.input_ids;
    const file = at(`${name}.safetensors`);
    const inputs = ['--input_ids', ids.join(','), '--output', file, '--load_in_4bit', 'false'];
    await succeeds(['logits', '--model', model, ...options, ...inputs, '--json']);
    const tensor = readTensors(await readFile(file)).tensors.get('logits')!;
    const vocabulary = tensor.shape[1]!;
    expect(tensor).toMatchObject({ dtype: 'F32', shape: [ids.length, vocabulary] });
    const exact = fixture.exact('f32', name).subarray(0, ids.length * vocabulary);
    const error = maxError(floatsOf('F32', tensor.data), exact);
    expect(error).toBeLessThanOrEqual(fixture.tolerance('f32', name));
  });

  it('eval tells loss, perplexity and target tokens, lower with the adapter', async () => {
    const evaluate = async (...options: string[]): Promise<Readonly<Record<string, unknown>>> => {
      const { events } = await succeeds(['eval', '--model', model, '--data', rows, '--json', ...options]);
      expect(events).toHaveLength(1);
      expect(Object.keys(events[0]!)).toEqual(['eval_loss', 'perplexity', 'target_tokens']);
      return events[0]!;
    };
    const base = await evaluate();
    const tuned = await evaluate('--adapter', at('whole'));
    expect(Number(tuned.eval_loss)).toBeLessThan(Number(base.eval_loss));
    expect(tuned.target_tokens).toBe(base.target_tokens);
  });

  it('reduce writes the adapter with fewer parameters, and tells the loss of both', async () => {
    const args = ['reduce', '--model', model, '--adapter', at('whole'), '--data', rows, '--eval_split', '0'];
    const { events } = await succeeds([...args, '--output', at('reduced'), '--json']);
    const { modules, parameters, loss } = events[0] as {
      modules: { path: string; from: number; to: number }[];
      parameters: Record<'before' | 'after', number>;
      loss: { before: number; after: number; over: string };
    };
    expect(modules.every(({ from, to }) => to >= 1 && to <= from)).toBe(true);
    expect(parameters.after).toBeLessThan(parameters.before);
    expect(loss.over).toBe('training');
    const evaluate = async (folder: string): Promise<number> => {
      const told = await succeeds(['eval', '--model', model, '--data', rows, '--adapter', folder, '--json']);
      return Number(told.events[0]!.eval_loss);
    };
    expect(loss.before).toBeCloseTo(await evaluate(at('whole')), 12);
    expect(loss.after).toBeCloseTo(await evaluate(at('reduced')), 6);
  });

  it('chat streams the same answer that it gives as JSON', async () => {
    const ask = ['chat', '--model', model, '--adapter', at('whole'), '--prompt', 'Where is the fish?'];
    const options = ['--temperature', '0', '--max_new_tokens', '12'];
    const { events } = await succeeds([...ask, ...options, '--json']);
    const { out } = await succeeds([...ask, ...options]);
    expect(out).toBe(`${String(events[0]!.answer)}\n`);
    expect(events[0]!.tokens).toBeLessThanOrEqual(12);
  });

  it('mix writes a PEFT folder, and refuses what has no effect', async () => {
    const mix = ['mix', '--model', model, '--adapter', `${adapter}=0.5`, `${at('whole')}=-0.25`];
    const { code, error } = await tunesmith([...mix, '--output', at('no-mix'), '--density', '0.5']);
    expect([code, error]).toEqual([2, expect.stringContaining('--density')]);
    const more = ['--output', at('mixed'), '--combination_type', 'cat', '--json'];
    const { code: mixed, events } = await tunesmith([...mix, ...more]);
    expect(mixed).toBe(0);
    expect(events.at(-1)).toMatchObject({ output: at('mixed'), format: 'peft', difference: 0 });
    const config = JSON.parse(await readFile(join(at('mixed'), 'adapter_config.json'), 'utf8')) as unknown;
    expect(config).toMatchObject({ r: fixture.expected.lora.r + 4, lora_alpha: fixture.expected.lora.r + 4 });
  });

  it('inspect tells the spec, the parameters and the memory by purpose', async () => {
    const { events } = await succeeds(['inspect', '--model', model, '--adapter', adapter, '--json']);
    const { spec, parameters, memory } = events[0] as {
      spec: { family: string };
      parameters: { base: number; trainable: number; all: number };
      memory: Record<string, number>;
    };
    expect(spec.family).toBe('qwen3');
    const count = (tensors: ReadonlyMap<string, { shape: readonly number[] }>): number =>
      [...tensors.values()].reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    expect(parameters.trainable).toBe(count(fixture.adapter));
    expect(parameters.base).toBe(count(fixture.weights()));
    expect(parameters.all).toBe(count(fixture.weights()) + count(fixture.adapter));
    const { total, ...purposes } = memory;
    expect(Object.keys(purposes)).toEqual(
      expect.arrayContaining(['base', 'adapter', 'moments', 'activations']),
    );
    expect(Object.values(purposes).reduce((sum, bytes) => sum + bytes, 0)).toBe(total);
  });

  it('are told by --help, settings and their defaults included', async () => {
    const { code, out } = await npmTunesmith(['--help']);
    expect(code).toBe(0);
    for (const name of ['train', 'eval', 'chat', 'logits', 'inspect']) expect(out).toContain(`  ${name} `);
    const { out: help } = await succeeds(['train', '--help']);
    expect(help).toContain('--learning_rate 0.0002');
    expect(help).toContain('--target_modules all-linear');
    expect(help).not.toContain('generation_config.json');
    // Those are not the last word.
    expect((await succeeds(['chat', '--help'])).out).toContain('generation_config.json');
  });
});

describe('what is wrong is told in one line, with exit code 2, and nothing is written', () => {
  const bad = (name: string): string => at(`bad-${name}`);
  const base = (name: string): string[] => ['train', '--model', model, '--output_dir', bad(name)];

  beforeAll(async () => {
    await writeFile(at('no-rows.jsonl'), '');
    await writeFile(at('cut.zip'), 'PK');
  });

  it.each<[string, () => string[], string]>([
    ['a setting', () => [...base('setting'), '--data', rows, '--r', '0'], 'r '],
    ['an option', () => [...base('option'), '--data', rows, '--lerning_rate', '1'], '--learning_rate'],
    ['no data', () => base('none'), '--data'],
    ['missing data', () => [...base('data'), '--data', at('nowhere.jsonl')], 'nowhere.jsonl'],
    ['empty data', () => [...base('empty'), '--data', at('no-rows.jsonl')], 'no-rows.jsonl'],
    [
      'a missing model',
      () => ['train', '--model', at('nowhere'), '--data', rows, '--output_dir', bad('m')],
      'nowhere',
    ],
    ['a damaged adapter', () => [...base('zip'), '--data', rows, '--init_adapter', at('cut.zip')], 'cut.zip'],
    [
      'an output folder that holds a run',
      () => ['train', '--model', model, '--data', rows, '--output_dir', at('whole')],
      '--overwrite_output_dir',
    ],
    ['no checkpoint', () => [...base('resume'), '--data', rows, '--resume_from_checkpoint'], 'checkpoint'],
    [
      'a folder that is a file',
      () => ['train', '--model', model, '--data', rows, '--output_dir', rows],
      'rows.jsonl',
    ],
    [
      'a token',
      () => ['logits', '--model', model, '--input_ids', '1,9999', '--output', bad('logits')],
      '9999',
    ],
    [
      'a temperature',
      () => ['chat', '--model', model, '--prompt', 'x', '--temperature', '-1'],
      'temperature',
    ],
    ['a command', () => ['fly'], 'fly'],
  ])('%s', async (_, args, part) => {
    const { code, out, error } = await tunesmith(args());
    expect(out).toBe('');
    expect(error).toContain(part);
    expect(error.trimEnd().split('\n')).toHaveLength(1);
    expect(code).toBe(2);
    expect((await readdir(folder)).filter((name) => name.startsWith('bad-'))).toEqual([]);
  });

  it('a run that can’t start leaves the former run unchanged', async () => {
    await cp(at('whole'), at('kept'), { recursive: true });
    const contents = async () => {
      const names = (await readdir(at('kept'), { recursive: true, withFileTypes: true }))
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name));
      return await Promise.all(names.sort().map(async (name) => [name, await readFile(name, 'base64')]));
    };
    const before = await contents();
    const overwrite = ['train', '--model', model, '--output_dir', at('kept'), '--overwrite_output_dir'];
    for (const args of [
      ['--data', at('no-rows.jsonl')],
      ['--data', rows, '--r', '0'],
      ['--data', rows, '--target_modules', 'nowhere'],
    ]) {
      expect((await tunesmith([...overwrite, ...args])).code).toBe(2);
      expect(await contents()).toEqual(before);
    }
  });

  it('a record, which is told by file, number and line while the others go on', async () => {
    await writeFile(at('mixed.jsonl'), `{"text":"The fish is in the sea."}\n{"text":7}\n`);
    const args = ['eval', '--model', model, '--data', at('mixed.jsonl'), '--train_on', 'all', '--json'];
    const { code, events, error } = await tunesmith(args);
    expect(code).toBe(0);
    expect(events[0]?.target_tokens).toBeGreaterThan(0);
    expect(error).toMatch(/^mixed\.jsonl, record 2, line 2: .*\n$/);
  });
});
