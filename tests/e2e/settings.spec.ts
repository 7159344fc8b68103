import type { Locator, Page } from '@playwright/test';
import { readFile } from 'node:fs/promises';
import {
  ANSWER_SETTINGS,
  DEFAULTS,
  SETTINGS,
  type AnswerSettings,
  type TrainSettings,
} from '../../src/core/settings/settings';
import { isOpen, type Setting } from '../../src/core/settings/setting';
import { expect, test } from './site';

/** A call of the page to the engine: its name and its arguments. */
interface Call {
  readonly name: string;
  readonly given: readonly unknown[];
}

declare global {
  interface Window {
    calls?: Call[];
  }
}

/** Another value than the default, for every setting that has a control: a new one has to be added here to compile. */
const OTHERS: TrainSettings = {
  bnb_4bit_use_double_quant: false,
  load_in_4bit: false,
  dtype: 'float32',
  num_train_epochs: 2,
  learning_rate: 0.0015,
  oft_block_size: 8,
  use_cayley_neumann: false,
  num_cayley_neumann_terms: 4,
  feedforward_modules: ['gate_proj'],
  freeze_trainable_layers: -1,
  freeze_trainable_modules: ['mlp'],
  freeze_extra_modules: ['norm'],
  finetuning_type: 'lora',
  r: 4,
  max_seq_length: 96,
  lora_alpha: 12,
  lora_dropout: 0.05,
  use_rslora: true,
  use_dora: true,
  init_lora_weights: 'pissa_niter_2',
  rank_pattern: { v_proj: 2 },
  alpha_pattern: { v_proj: 8 },
  layers_to_transform: [0, 2],
  target_modules: ['k_proj', 'v_proj', 'o_proj', 'gate_proj', 'up_proj', 'down_proj'],
  max_steps: 2,
  per_device_train_batch_size: 2,
  gradient_accumulation_steps: 3,
  gradient_checkpointing: true,
  warmup_steps: 1,
  warmup_ratio: 0.5,
  num_cycles: 3,
  min_lr_rate: 0.2,
  power: 2,
  lr_end: 1e-6,
  timescale: 50,
  num_decay_steps: 4,
  decay_type: '1-sqrt',
  min_lr_ratio: 0.05,
  lr_scheduler_type: 'constant_with_warmup',
  muon_adjust_lr_fn: 'original',
  optim: 'adamw_8bit',
  loraplus_lr_ratio: 4,
  layerwise_lr_decay: 0.9,
  label_smoothing_factor: 0.1,
  loss_type: 'dft',
  weight_decay: 0.01,
  max_grad_norm: 0.5,
  adam_beta1: 0.8,
  adam_beta2: 0.95,
  adam_epsilon: 1e-6,
  train_on: 'all',
  objective: 'pt',
  template: 'alpaca',
  placeholders: { name: 'Ada' },
  sources: { 'other.jsonl': { split: 'eval' } },
  cleaning: { duplicates: {} },
  dataset: ['identity', 'other'],
  eval_dataset: ['held_out'],
  max_samples: 60,
  mix_strategy: 'interleave_over',
  interleave_probs: [0.7, 0.3],
  packing: true,
  packing_strategy: 'wrapped',
  eval_split: 0.1,
  neftune_noise_alpha: 5,
  group_by_length: true,
  shuffle: false,
  seed: 7,
  logging_steps: 2,
  eval_steps: 1,
  report_to: ['csv'],
  save_steps: 1,
  save_total_limit: 1,
  load_best_model_at_end: true,
  early_stopping_patience: 50,
  early_stopping_threshold: 0.01,
  sample_prompts: ['Who are you?'],
};

const OTHER_ANSWERS: AnswerSettings = {
  temperature: 0.9,
  top_p: 0.8,
  top_k: 7,
  repetition_penalty: 1.1,
  max_new_tokens: 5,
  seed: 3,
};

/** These can't hold together with PiSSA. */
const SECOND = ['use_dora', 'use_rslora'] as const;

/** The value of another setting with which alone a setting can be set. */
const WITH: Partial<Record<keyof TrainSettings, Partial<TrainSettings>>> = {
  freeze_trainable_layers: { finetuning_type: 'freeze' },
  freeze_trainable_modules: { finetuning_type: 'freeze' },
  freeze_extra_modules: { finetuning_type: 'freeze' },
  num_cycles: { lr_scheduler_type: 'cosine_with_restarts' },
  min_lr_rate: { lr_scheduler_type: 'cosine_with_min_lr' },
  power: { lr_scheduler_type: 'polynomial' },
  timescale: { lr_scheduler_type: 'inverse_sqrt' },
  num_decay_steps: { lr_scheduler_type: 'warmup_stable_decay' },
  muon_adjust_lr_fn: { optim: 'muon' },
  oft_block_size: { finetuning_type: 'oft' },
  feedforward_modules: { finetuning_type: 'ia3' },
};

/** Writes down what the page sends to its worker. */
async function listen(page: Page): Promise<void> {
  await page.addInitScript(() => {
    window.calls = [];
    const original = Reflect.get(Worker.prototype, 'postMessage') as (...given: unknown[]) => void;
    Worker.prototype.postMessage = function (this: Worker, message: unknown, ...rest: unknown[]) {
      const { path = [], argumentList = [] } = message as {
        path?: string[];
        argumentList?: { type: string; value: unknown }[];
      };
      const given = argumentList.flatMap(({ type, value }) => (type === 'RAW' ? [value] : []));
      if (path.length > 0) window.calls?.push({ name: path.join('.'), given });
      Reflect.apply(original, this, [message, ...rest]);
    };
  });
}

/** The settings that the engine was asked for in the last such call. */
async function asked(page: Page, name: string): Promise<unknown> {
  return await page.evaluate(
    (wanted) => window.calls?.findLast((call) => call.name === wanted)?.given[0],
    name,
  );
}

/** Gives a setting a value by the keyboard alone. */
async function drive(field: Locator, name: string, { kind }: Setting, value: unknown): Promise<void> {
  const page = field.page();
  const { control } = kind;
  if (control.type === 'switch') {
    const button = field.getByRole('switch', { name, exact: true });
    const is = (await button.getAttribute('aria-checked')) === 'true';
    if (is !== value) await button.press('Space');
    return;
  }
  if (control.type === 'modules') {
    const chosen = value as readonly string[];
    for (const box of await field.getByRole('checkbox').all()) {
      const module = (await box.locator('xpath=..').innerText()).trim();
      if ((await box.isChecked()) !== chosen.includes(module)) await box.press('Space');
    }
    return;
  }
  const input = field.getByLabel(name, { exact: true });
  await input.focus();
  if (control.type === 'choice') {
    const { options } = control;
    const steps = options.indexOf(String(value)) - options.indexOf(await input.inputValue());
    for (let i = 0; i < Math.abs(steps); i++) {
      await page.keyboard.press(steps > 0 ? 'ArrowDown' : 'ArrowUp');
    }
    return;
  }
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(kind.toText(value));
  await page.keyboard.press('Tab');
}

test('brings every control of the list of all settings into the run', async ({ page, tunesmith }) => {
  await listen(page);
  await tunesmith.open();
  await tunesmith.to('train');
  await page.getByRole('button', { name: 'All settings' }).click();
  const panel = page.getByRole('dialog');
  const set = async (name: keyof typeof OTHERS, value: unknown) =>
    await drive(panel.locator(`[data-setting="training.${name}"]`), name, SETTINGS[name], value);
  const all = Object.keys(OTHERS) as (keyof typeof OTHERS)[];
  const names = all.filter((name) => isOpen(SETTINGS[name]));
  // Each once, and nothing but these and the answers’.
  await expect(panel.locator('[data-setting^="training."]')).toHaveCount(names.length);

  await test.step('set each by the keyboard', async () => {
    for (const name of names) {
      for (const [other, value] of Object.entries(WITH[name] ?? {})) {
        await set(other as typeof name, value);
      }
      if (!SECOND.some((each) => each === name)) await set(name, OTHERS[name]);
    }
    await expect(panel.locator('[aria-invalid="true"]')).toHaveCount(0);
  });

  const wanted = { ...DEFAULTS, ...OTHERS, use_dora: false, use_rslora: false };
  await test.step('save them as a file, reset all, and load the file', async () => {
    const downloading = page.waitForEvent('download');
    await panel.getByRole('button', { name: 'Save as a file' }).click();
    const file = await readFile(await (await downloading).path());
    await panel.getByRole('button', { name: 'Reset all' }).click();
    await expect(panel.locator('[data-setting="training.r"]').getByLabel('r', { exact: true })).toHaveValue(
      '16',
    );
    await panel
      .getByTestId('settings-file')
      .setInputFiles({ name: 'mine.yaml', mimeType: 'application/yaml', buffer: file });
    await expect(panel).toContainText('settings from mine.yaml');
    await panel.getByRole('button', { name: 'Done' }).click();
    await expect.poll(() => asked(page, 'runs.plan'), { timeout: 120_000 }).toEqual(wanted);
  });

  await test.step('train, and find them in the record of the run', async () => {
    await tunesmith.train();
    const records = await page.evaluate(
      () =>
        new Promise<unknown[]>((resolve, reject) => {
          const opening = indexedDB.open('tunesmith-runs');
          opening.onerror = () => reject(new Error('no storage of runs'));
          opening.onsuccess = () => {
            const reading = opening.result.transaction('records').objectStore('records').getAll();
            reading.onsuccess = () => resolve(reading.result);
          };
        }),
    );
    expect(records).toHaveLength(1);
    expect(records[0]).toMatchObject({ settings: wanted });
  });

  await test.step('set those that can’t hold together with the others', async () => {
    await page.reload();
    await tunesmith.finished();
    await page.getByRole('button', { name: 'All settings' }).click();
    await panel.getByRole('button', { name: 'Reset all' }).click();
    for (const name of SECOND) await set(name, OTHERS[name]);
    await expect
      .poll(() => asked(page, 'runs.plan'), { timeout: 120_000 })
      .toMatchObject({ use_dora: true, use_rslora: true, r: DEFAULTS.r });
  });
});

test('brings the controls of the steps to the engine', async ({ page, tunesmith }) => {
  await listen(page);
  await tunesmith.open();
  const plans = (settings: Partial<TrainSettings>) =>
    expect.poll(() => asked(page, 'runs.plan'), { timeout: 120_000 }).toMatchObject(settings);

  await test.step('presets and the main settings', async () => {
    const train = await tunesmith.to('train');
    await train.getByRole('radio', { name: /Quick/ }).check();
    await plans({ num_train_epochs: 1, r: 16 });
    await train.getByRole('radio', { name: /Thorough/ }).check();
    await plans({ num_train_epochs: 8, r: 32, lora_alpha: 64 });
    for (const name of ['num_train_epochs', 'learning_rate', 'r', 'max_seq_length'] as const) {
      await drive(train, name, SETTINGS[name], OTHERS[name]);
      await plans({ [name]: OTHERS[name] });
    }
    await drive(train, 'r', SETTINGS.r, 0);
    await expect(train).toContainText('r must be a whole number from 1 to 1024, not 0.');
    await expect(train.getByLabel('r', { exact: true })).toHaveValue('0');
    await drive(train, 'r', SETTINGS.r, 4);
  });

  await test.step('how the base is loaded', async () => {
    const model = await tunesmith.to('model');
    await model.getByText('More', { exact: true }).click();
    const load = model.getByRole('group', { name: 'Loading' });
    for (const name of ['bnb_4bit_use_double_quant', 'load_in_4bit', 'dtype'] as const) {
      await drive(load, name, SETTINGS[name], OTHERS[name]);
      await plans({ [name]: OTHERS[name] });
    }
    const opened = await page.evaluate(() =>
      window.calls?.findLast(({ name }) => name === 'models.open')?.given.at(-1),
    );
    expect(opened).toEqual({ load_in_4bit: false, bnb_4bit_use_double_quant: false, dtype: 'float32' });
  });

  await test.step('examples that are cut, and placeholders', async () => {
    const rows = Array.from({ length: 12 }, (_, i) => ({
      instruction: `Who are you, number ${i}?`,
      output: 'I am {{name}}, a parrot at sea who tells of ships and of far islands. '.repeat(8),
    }));
    const buffer = Buffer.from(JSON.stringify(rows));
    await tunesmith.to('examples');
    await page.getByRole('radio', { name: /Your own examples/ }).check();
    await tunesmith.give('examples', [{ name: 'identity.json', mimeType: 'application/json', buffer }]);
    const examples = tunesmith.step('examples');
    await expect(examples.getByTestId('placeholders')).toContainText('{{name}} are left in 12 records', {
      timeout: 120_000,
    });
    await examples.getByLabel('{{name}}').fill('Ada');
    await page.keyboard.press('Tab');
    await plans({ placeholders: { name: 'Ada' } });
    await expect(page.getByTestId('example-preview')).toContainText('I am Ada,');
    const cut = examples.getByTestId('examples-cut');
    await expect(cut).toContainText('12 of 12 examples are cut');
    await cut.getByRole('button', { name: /max_seq_length = / }).click();
    await expect(examples.getByTestId('examples-cut')).toHaveCount(0);
    const length = async () => ((await asked(page, 'runs.plan')) as TrainSettings).max_seq_length;
    await expect.poll(length, { timeout: 120_000 }).toBeGreaterThan(96);
    await examples.getByRole('button', { name: 'Undo' }).click();
    await plans({ placeholders: {} });
    await expect(page.getByTestId('example-preview')).toContainText('I am {{name}},');
  });

  await test.step('how answers are sampled', async () => {
    const chat = await tunesmith.to('chat');
    await chat.getByRole('button', { name: 'Settings' }).first().click();
    for (const name of Object.keys(OTHER_ANSWERS) as (keyof AnswerSettings)[]) {
      await drive(chat, name, ANSWER_SETTINGS[name], OTHER_ANSWERS[name]);
    }
    await chat.getByLabel('Your question').fill('Who are you?');
    await page.keyboard.press('Enter');
    const sampling = () =>
      page.evaluate(() =>
        window.calls
          ?.filter(({ name }) => name.startsWith('chats.'))
          .flatMap(({ given }) => given)
          .find((each) => typeof each === 'object' && each !== null && 'temperature' in each),
      );
    await expect.poll(sampling, { timeout: 120_000 }).toEqual(OTHER_ANSWERS);
  });
});
