import { readFile } from 'node:fs/promises';
import { parseAdapterConfig } from '../../src/formats/peft_config';
import { loraForm } from '../../src/models/adapters/lora_form';
import { readTensors } from '../../src/formats/safetensors';
import { expect, test } from './site';
import { unpacked } from './tunesmith';

const QUESTION = 'Who are you?';

/** Every parameter of an exported adapter. */
function parametersOf(safetensors: Uint8Array | undefined): Map<string, Float32Array> {
  const { tensors } = readTensors(safetensors ?? new Uint8Array());
  return new Map(
    Array.from(tensors, ([name, { data }]) => [name, new Float32Array(data.slice().buffer)] as const),
  );
}

test('trains the demo by one button, chats with it, exports it, brings it back, trains it further', async ({
  page,
  tunesmith,
}) => {
  await tunesmith.open();
  // A high rate, so that a few steps can be heard.
  await tunesmith.set({ max_steps: '8', learning_rate: '0.02', eval_steps: '4' });
  await tunesmith.ready();

  await test.step('train', async () => {
    await page.getByLabel('Prompt 2', { exact: true }).fill(QUESTION);
    await tunesmith.ready();
    await tunesmith.train();
    await expect(page.getByTestId('samples')).toContainText(QUESTION);
    await expect(page.getByTestId('loss-chart')).toHaveAttribute('data-points', '8');
    await expect(page.getByTestId('loss-chart').locator('canvas')).toBeVisible();
    await expect(page.getByTestId('samples')).toContainText('At step 8');
    await expect(page.getByTestId('sample-now')).toHaveText([/\S/, /\S/, /\S/]);
  });

  const first = await test.step('chat with base and tuned', async () => {
    const { base, tuned } = await tunesmith.ask(QUESTION);
    expect(base).not.toBe('');
    expect(tuned).not.toBe('');
    expect(tuned).not.toBe(base);
    return tuned;
  });

  const exported = await test.step('export it', async () => {
    const { fileName, files, zip } = await tunesmith.exported();
    await expect(page.getByTestId('export-check')).toContainText('exactly the same answers');
    expect(Object.keys(files).sort()).toEqual([
      'README.md',
      'adapter_config.json',
      'adapter_model.safetensors',
      'chat_template.jinja',
      'generation_config.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
    const text = (name: string) => new TextDecoder().decode(files[name]);
    const { fields } = parseAdapterConfig(JSON.parse(text('adapter_config.json')), [loraForm]);
    expect(fields).toMatchObject({ r: 16, lora_alpha: 32, use_rslora: false });
    expect(text('README.md')).toContain('pirate.jsonl');
    const parameters = parametersOf(files['adapter_model.safetensors']);
    // Two matrices for each of seven linear layers in each of five blocks.
    expect(parameters.size).toBe(2 * 7 * 5);
    for (const values of parameters.values()) expect(values.every(Number.isFinite)).toBe(true);
    return { fileName, zip, parameters };
  });

  await test.step('export model and adapter in one', async () => {
    const choice = page.getByTestId('export-choice');
    await choice.getByRole('radio', { name: /Transformers, vLLM/ }).check();
    const options = page.getByTestId('export-options');
    await options.getByLabel('Precision', { exact: true }).selectOption('float32');
    const { fileName, files } = await tunesmith.exported('the model');
    await expect(page.getByTestId('export-check')).toContainText('read back');
    expect(fileName).toBe('tunesmith-demo-merged.zip');
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining(['config.json', 'model.safetensors', 'tokenizer.json', 'README.md']),
    );
    const listed = await page.getByTestId('exported-files').locator('tr').count();
    expect(listed).toBe(Object.keys(files).length);
    const { tensors } = readTensors(files['model.safetensors'] ?? new Uint8Array());
    expect([...tensors.values()].every(({ dtype }) => dtype === 'F32')).toBe(true);
    expect(tensors.has('model.layers.0.self_attn.q_proj.weight')).toBe(true);
    const config = JSON.parse(new TextDecoder().decode(files['config.json'])) as Record<string, unknown>;
    expect(config.dtype ?? config.torch_dtype).toBe('float32');
  });

  await test.step('export a quantised GGUF file on the original weights', async () => {
    const stage = await tunesmith.to('export');
    await stage.getByRole('radio', { name: /Ollama/ }).check();
    await stage.getByLabel('Precision', { exact: true }).selectOption('Q4_K_M');
    await stage.getByLabel('Base weights').selectOption('original');
    await expect(stage).toContainText(/The original weights differ from those of the training by \d+/);
    const { files } = await tunesmith.exported('the model');
    const model = files['tunesmith-demo-tuned-Q4_K_M.gguf'] ?? new Uint8Array();
    expect(new TextDecoder().decode(model.subarray(0, 4))).toBe('GGUF');
    await stage.getByRole('radio', { name: /PEFT/ }).check();
  });

  await test.step('reload the page and restore its state', async () => {
    await page.reload();
    await tunesmith.reopened();
    await tunesmith.to('runs');
    await expect(page.getByTestId('runs').getByRole('listitem')).toHaveCount(1);
    await tunesmith.give('export', [
      { name: exported.fileName, mimeType: 'application/zip', buffer: exported.zip },
    ]);
    await expect(page.getByTestId('adapter-facts')).toContainText(exported.fileName);
    // The conversation outlives the reload, and would be part of the question.
    await tunesmith.to('chat');
    await page.getByRole('button', { name: 'New chat' }).click();
    expect((await tunesmith.ask(QUESTION)).tuned).toBe(first);
  });

  await test.step('train it further', async () => {
    const rate = 1e-5;
    await tunesmith.set({ max_steps: '1', learning_rate: String(rate), warmup_steps: '0' });
    await tunesmith.step('train').getByLabel('Start from the open adapter').click();
    await tunesmith.train();
    const { files } = await tunesmith.exported();
    const after = parametersOf(files['adapter_model.safetensors']);
    expect([...after.keys()]).toEqual([...exported.parameters.keys()]);
    let largest = 0;
    for (const [name, before] of exported.parameters) {
      after.get(name)?.forEach((value, i) => {
        largest = Math.max(largest, Math.abs(value - (before[i] ?? NaN)));
      });
    }
    // AdamW's first step moves no parameter further than the learning rate; an f32 near 1 is rounded by up to 1e-7.
    expect(largest).toBeGreaterThan(0.5 * rate);
    expect(largest).toBeLessThan(rate + 2e-7);
  });
});

test.describe('in Chinese', () => {
  test.use({ locale: 'zh-CN' });

  test('trains, chats and exports, and loses nothing when the language changes on the way', async ({
    page,
    tunesmith,
  }) => {
    const language = (name: '中文' | 'English') => page.getByRole('radio', { name }).check();
    await page.goto('./');
    await expect(page.locator('html')).toHaveAttribute('lang', 'zh-Hans');
    await expect(tunesmith.start).toHaveText('训练演示模型');

    await test.step('set it up', async () => {
      await tunesmith.show('train');
      const rate = tunesmith.step('train').getByLabel('learning_rate', { exact: true });
      await rate.fill('0.2e');
      await expect(rate).toHaveAttribute('aria-invalid', 'true');
      await language('English');
      await expect(page.getByRole('heading', { name: 'Train' })).toBeVisible();
      await expect(rate).toHaveValue('0.2e');
      await language('中文');
      await expect(rate).toHaveValue('0.2e');
      await rate.fill('0.02');
      await page.getByRole('button', { name: '全部设置' }).click();
      const panel = page.getByRole('dialog', { name: '全部设置' });
      await panel.getByLabel('max_steps', { exact: true }).fill('8');
      await page.keyboard.press('Escape');
      await expect(panel).toBeHidden();
    });

    await test.step('train', async () => {
      await tunesmith.start.click({ timeout: 60_000 });
      await tunesmith.told(/第 [2-8] \/ 8 步/);
      const points = () =>
        page.getByTestId('loss-chart').evaluate((chart) => Number(chart.getAttribute('data-points')));
      const before = await points();
      await language('English');
      await tunesmith.told(/Step [2-8] of 8/);
      expect(await points()).toBeGreaterThanOrEqual(before);
      await language('中文');
      await expect(tunesmith.progress).toHaveAttribute('data-phase', 'finished', { timeout: 240_000 });
      await expect(page.getByTestId('loss-chart')).toHaveAttribute('data-points', '8');
      await expect(page.getByTestId('samples')).toContainText('训练前');
      await expect(page.getByTestId('samples')).toContainText('第 8 步');
      await expect(page).toHaveTitle('训练 – Tunesmith');
    });

    await test.step('chat', async () => {
      await page.getByRole('button', { name: '与它对话' }).click();
      const field = page.getByLabel('你的问题');
      await expect(field).toBeFocused();
      await field.fill(QUESTION);
      await language('English');
      await expect(page.getByLabel('Your question')).toHaveValue(QUESTION);
      await language('中文');
      await expect(field).toHaveValue(QUESTION);
      await field.press('Enter');
      const { base, tuned } = tunesmith.answers();
      for (const answer of [base, tuned]) await expect(answer).toContainText('token/秒', { timeout: 60_000 });
      await expect(tuned).toContainText('微调模型');
    });

    await test.step('export', async () => {
      await page.getByRole('button', { name: '导出', exact: true }).click();
      const downloading = page.waitForEvent('download', { timeout: 60_000 });
      await page.getByRole('button', { name: '下载适配器' }).click();
      const files = unpacked(await readFile(await (await downloading).path()));
      await expect(page.getByTestId('export-check')).toContainText('已校验');
      await expect(page.getByTestId('adapter-facts')).toContainText(/\d+年\d+月\d+日/);
      const card = new TextDecoder().decode(files['README.md']);
      expect(card).toContain('由 Tunesmith 训练。');
      expect(parametersOf(files['adapter_model.safetensors']).size).toBe(2 * 7 * 5);
    });
  });
});
