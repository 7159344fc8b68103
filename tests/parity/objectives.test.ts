import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { LosslessJson } from '../../src/core/lossless_json';
import { DEFAULTS } from '../../src/core/settings/settings';
import { packMicroBatch, type TokenizedExample } from '../../src/data/batches';
import { tokenizeSample } from '../../src/data/examples';
import { listOf } from '../../src/data/example_list';
import { packed } from '../../src/data/packed_list';
import { sampleOf } from '../../src/data/shapes';
import { jinjaTemplate } from '../../src/data/template';
import { loadTokenizer } from '../../src/data/tokenizer';
import { readTensors } from '../../src/formats/safetensors';
import { Device } from '../../src/gpu/device';
import { namedTensors } from '../../src/models/adapter_files';
import { readParameter } from '../../src/models/adapters/layout';
import { sft } from '../../src/models/objectives/sft';
import { compileTraining } from '../../src/models/training';
import { jobsOf } from '../../src/session/writing/tasks';
import { evaluate } from '../../src/train/evaluate';
import { learningRateMultiplier, scheduleOf } from '../../src/train/schedule';
import { gpu } from './dawn';
import { loadFixture, maxError, valuesOf, type Example, type Expected } from './fixtures';
import { loadOnDevice } from './load_fixture';

/** The output of make_objectives.py. */
interface Fixture {
  readonly settings: NonNullable<Expected['settings']>;
  readonly weights: readonly number[];
  readonly rows: readonly Example[];
  readonly held_out: readonly Example[];
  readonly tolerance_factor: number;
  readonly upft: {
    readonly request: string;
    readonly rows: readonly (Example & { readonly question: string; readonly sampled: string })[];
  };
  readonly cases: Readonly<
    Record<
      'dft' | 'weights',
      {
        readonly eval_loss: readonly number[];
        readonly losses: readonly number[];
        readonly grad_norms: readonly number[];
        readonly torch_error: Readonly<Record<string, number>>;
      }
    >
  >;
}

const folder = fileURLToPath(new URL('fixtures/objectives/', import.meta.url));
const { settings, weights, rows, held_out, upft, tolerance_factor, cases } = JSON.parse(
  readFileSync(`${folder}expected.json`, 'utf8'),
) as Fixture;
const exact = readTensors(new Uint8Array(readFileSync(`${folder}expected.safetensors`))).tensors;

const exampleOf = ({ input_ids, labels }: Example, weight = 1): TokenizedExample => ({
  ids: Uint32Array.from(input_ids),
  trained: Uint8Array.from(labels, (label) => (label === -100 ? 0 : 1)),
  ...(weight !== 1 && { weights: new Float32Array(input_ids.length).fill(weight) }),
});

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu, { defaultLimits: true });
});
afterAll(() => {
  device.destroy();
});

test.each(['dft', 'weights'] as const)('%s: losses, norms and the adapter', async (name) => {
  const { eval_loss, losses, grad_norms, torch_error } = cases[name];
  const tolerance = (of: string): number => tolerance_factor * torch_error[of]!;
  const { model, adapter, destroy } = await loadOnDevice(device, loadFixture('qwen3'), 'f32');
  const chosen = { ...DEFAULTS, ...settings, ...(name === 'dft' && { loss_type: 'dft' as const }) };
  const program = await compileTraining(model, adapter, { capacity: 128, settings: chosen });
  const evaluated = await evaluate(program, sft, listOf(held_out.map((row) => exampleOf(row))));
  const plain = loadFixture('qwen3').expected.variants.f32!.loss;
  const ofNll = tolerance_factor * cases.weights.torch_error['losses']!;
  if (name === 'dft') {
    expect(Math.abs(evaluated!.loss - eval_loss[0]!)).toBeLessThanOrEqual(tolerance('eval_loss'));
    expect(Math.abs(evaluated!.metrics['nll_loss']! - plain)).toBeLessThanOrEqual(ofNll);
    expect(evaluated!.perplexity).toBe(Math.exp(evaluated!.metrics['nll_loss']!));
  }
  // Evaluation counts all targets alike.
  else expect(Math.abs(evaluated!.loss - plain)).toBeLessThanOrEqual(ofNll);

  const { per_device_train_batch_size: size, gradient_accumulation_steps: parts } = settings;
  let counter = 0;
  for (let step = 0; step < settings.max_steps; step++) {
    const first = (step * size * parts) % rows.length;
    const batches = [];
    for (let part = 0; part < parts; part++) {
      const begin = first + part * size;
      const examples = rows
        .slice(begin, begin + size)
        .map((row, at) => exampleOf(row, name === 'weights' ? weights[begin + at] : 1));
      const bins = await packed(listOf(examples), 128, 'bfd');
      batches.push(packMicroBatch([await bins.at(0)]));
    }
    const windowTerms = batches.reduce((sum, { targetTokens }) => sum + targetTokens, 0);
    for (const [index, batch] of batches.entries()) {
      await program.microBatch(batch, { accumulate: index > 0, windowTerms, seed: 0, counter: counter++ });
    }
    const schedule = scheduleOf(
      { ...DEFAULTS, lr_scheduler_type: 'linear', warmup_steps: 0 },
      settings.max_steps,
    );
    const learningRate = settings.learning_rate * learningRateMultiplier(schedule, step);
    await program.optimizerStep({ learningRate, step: step + 1 });
  }
  const steps = await program.metrics();
  const measured = { losses: steps.map(({ loss }) => loss), norms: steps.map(({ gradNorm }) => gradNorm) };
  expect(maxError(measured.losses, losses)).toBeLessThanOrEqual(tolerance('losses'));
  expect(maxError(measured.norms, grad_norms)).toBeLessThanOrEqual(tolerance('grad_norms'));
  const parameters = await adapter.readParameters();
  for (const kind of ['lora_A', 'lora_B']) {
    const own = namedTensors(adapter.layout).filter((each) => each.name.includes(kind));
    // One tensor may be right by luck: the worst of a kind is no accident.
    const allowed = Math.max(...own.map((each) => tolerance(`trained.${each.name}`)));
    for (const each of own) {
      const values = valuesOf(exact, `${name}.trained.${each.name}`);
      expect(maxError(readParameter(parameters, each.tensor), values), each.name).toBeLessThanOrEqual(
        allowed,
      );
    }
  }
  program.destroy();
  destroy();
});

test('UPFT’s rows have the tokens and the targets of transformers', async () => {
  const of = (name: string): unknown =>
    JSON.parse(readFileSync(`${loadFixture('qwen3').folder}/${name}.json`, 'utf8'));
  const config = of('tokenizer_config') as { readonly chat_template: string };
  const tokenizer = loadTokenizer(of('tokenizer'), config);
  const template = jinjaTemplate(config.chat_template, { specialTokens: tokenizer.specialTokens });
  const questions = upft.rows.map(({ question }) => question).join('\n');
  const task = { kind: 'prefixes', questions, query: {}, tokens: 6, whole: 0, seed: 0 } as const;
  const options = { prompt: upft.request, count: 1, most: 10 };
  const jobs = await jobsOf(task, options, () => {
    throw new Error('no rows are read');
  });
  for (const [at, { sampled, input_ids, labels }] of upft.rows.entries()) {
    const { json } = jobs[at]!.rows({ text: sampled, isCut: true }).rows[0]!;
    const sample = sampleOf(JSON.parse(json) as LosslessJson);
    if (!('kind' in sample) || sample.kind !== 'chat') expect.fail('no conversation');
    const given = { tokenizer, template, trainOn: 'responses', maxSeqLength: 100 } as const;
    const { example, endless } = tokenizeSample(sample, given);
    expect([...example.ids]).toEqual(input_ids);
    expect([...example.trained]).toEqual(labels.map((label) => (label === -100 ? 0 : 1)));
    expect(endless).toBe(false);
  }
});
