import { zipSync } from 'fflate';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeSafetensors } from '../../src/formats/safetensors';
import { ensureBuilt } from '../../tools/lib/build.mjs';
import { expect, test } from './site';

const jsonl = (name: string, text: string) => ({
  name,
  mimeType: 'application/jsonl',
  buffer: Buffer.from(text),
});

test('tells of records and files of examples that cannot be used, and goes on with the others', async ({
  page,
  tunesmith,
}) => {
  await tunesmith.open();
  const examples = await tunesmith.to('examples');
  await examples.getByRole('radio', { name: 'Your own examples' }).check();
  const notes = {
    name: 'notes.json',
    mimeType: 'application/json',
    buffer: Buffer.from('Remember the milk'),
  };
  await tunesmith.give('examples', [jsonl('empty.jsonl', ''), notes]);
  const problems = page.getByTestId('example-problems').getByRole('row');
  await expect(problems).toHaveText([
    /File.*Record.*Line.*Reason/,
    /empty\.jsonl.*all.*The file is empty/,
    /notes\.json.*all.*1.*not a JSON list, JSON Lines/,
  ]);
  await expect(tunesmith.start).toBeDisabled();

  const markup = `<img src="missing.png" onerror="document.title = 'broken'">`;
  const rows = [
    JSON.stringify({ instruction: 'What is this?', output: markup }),
    '{"instruction": "What does a cat say?", "output": "Meow',
    JSON.stringify({ question: 'What does a dog say?', place: 'A farm' }),
    JSON.stringify({ instruction: 'What does a cow say?', output: 'Moo' }),
  ];
  await tunesmith.give('examples', [jsonl('mixed.jsonl', rows.join('\n'))]);
  await expect(problems).toHaveText([
    /File.*Record.*Line.*Reason/,
    /empty\.jsonl/,
    /notes\.json/,
    /mixed\.jsonl.*2.*2.*Not valid JSON/,
    /mixed\.jsonl.*3.*3.*columns are not recognised: question, place/,
  ]);
  await expect(page.getByTestId('example-counts')).toContainText(/Examples\s*2/);
  await expect(tunesmith.start).toBeEnabled();
  // Markup in the data is shown as text, and never becomes part of the page.
  await expect(page.getByTestId('example-preview').getByRole('listitem').first()).toContainText(markup);
  await expect(page.getByTestId('example-preview').locator('img')).toHaveCount(0);
  await expect(page).toHaveTitle('Examples – Tunesmith');
});

test('reads tables, UTF-16 and GBK, and refuses bytes of no encoding by name', async ({
  page,
  tunesmith,
}) => {
  await tunesmith.open();
  const examples = await tunesmith.to('examples');
  await examples.getByRole('radio', { name: 'Your own examples' }).check();
  const file = (name: string, buffer: Buffer) => ({ name, mimeType: 'application/octet-stream', buffer });
  const gbk = Buffer.from([0xc4, 0xe3, 0xca, 0xc7, 0xcb, 0xad, 0xa3, 0xbf]);
  const inGbk = [Buffer.from('{"instruction":"'), gbk, Buffer.from('","output":"x"}')];
  const utf16 = Buffer.from('\ufeff[{"instruction": "你是谁？", "output": "海盗。"}]', 'utf16le');
  const table = 'instruction;output\r\n"Where,\r\nthen?";"A ""ship"""\r\nragged\r\n';
  await tunesmith.give('examples', [
    file('gbk.jsonl', Buffer.concat(inGbk)),
    file('utf16.json', utf16),
    file('odd.jsonl', Buffer.from([0x7b, 0x22, 0x81, 0x20, 0xff, 0x22, 0x7d])),
    file('table.csv', Buffer.from(table)),
    file('packed.jsonl.gz', Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0])),
  ]);
  await expect(page.getByTestId('example-problems').getByRole('row')).toHaveText([
    /File.*Record.*Line.*Reason/,
    /odd\.jsonl.*all.*1.*not text in UTF-8/,
    /table\.csv.*2.*4.*1 cell, and the table has 2 columns/,
    /packed\.jsonl\.gz.*all.*damaged, cut off/,
  ]);
  await expect(page.getByTestId('example-counts')).toContainText(/Examples\s*3/);
  const preview = page.getByTestId('example-preview').getByRole('listitem');
  await expect(preview.first()).toContainText('你是谁？');
  await expect(preview.nth(1)).toContainText('海盗。');
  await expect(preview.nth(2)).toContainText('A "ship"');
});

test('keeps two files of one name, and says which is meant', async ({ page, tunesmith }) => {
  await tunesmith.open();
  const examples = await tunesmith.to('examples');
  await examples.getByRole('radio', { name: 'Your own examples' }).check();
  const good = JSON.stringify({ instruction: 'What does a cow say?', output: 'Moo' });
  await tunesmith.give('examples', [jsonl('train.jsonl', good)]);
  await expect(page.getByTestId('example-counts')).toContainText(/Examples\s*1/);
  await tunesmith.give('examples', [jsonl('train.jsonl', `${good}\n{}`)]);
  await expect(page.getByTestId('example-counts')).toContainText(/Examples\s*2/);
  const problem = page.getByTestId('example-problems').getByRole('row').nth(1);
  await expect(problem).toHaveText(/train \(2\)\.jsonl.*2.*2.*not recognised/);
  // The same file again changes nothing.
  await tunesmith.give('examples', [jsonl('train.jsonl', good)]);
  await expect(page.getByRole('button', { name: /^Remove / })).toHaveCount(2);
  await page.getByRole('button', { name: 'Remove train.jsonl' }).click();
  await expect(page.getByTestId('example-counts')).toContainText(/Examples\s*1/);
});

test('tells what is wrong with a model’s files, and opens good ones after it', async ({
  page,
  tunesmith,
}) => {
  const folder = join(dirname(await ensureBuilt('page', console.error)), 'models', 'demo');
  const files = new Map<string, Buffer>();
  for (const name of ['config.json', 'model.safetensors', 'tokenizer.json', 'tokenizer_config.json']) {
    files.set(name, await readFile(join(folder, name)));
  }
  const give = (changes: Readonly<Record<string, Buffer | undefined>>) =>
    tunesmith.give(
      'model',
      Array.from(files, ([name, whole]) => ({
        name,
        mimeType: 'application/octet-stream',
        buffer: name in changes ? changes[name] : whole,
      })).flatMap(({ buffer, ...file }) => (buffer ? { ...file, buffer } : [])),
    );
  const alert = tunesmith.step('model').getByRole('alert');
  await tunesmith.open();
  await tunesmith.way('From disk');

  await give({ 'tokenizer.json': undefined });
  await expect(alert).toContainText('The folder has no tokenizer.json.');
  await expect(alert).toContainText('Drop the whole folder of a checkpoint');
  await expect(page.getByRole('navigation')).toContainText('needs attention');

  await give({ 'model.safetensors': files.get('model.safetensors')?.subarray(0, 1_000_000) });
  await expect(alert).toContainText(/model\.safetensors is cut short: 1000000 bytes/);

  const config = JSON.parse(files.get('config.json')?.toString() ?? '') as Record<string, unknown>;
  const changed = JSON.stringify({ ...config, partial_rotary_factor: 0.5 });
  await give({ 'config.json': Buffer.from(changed) });
  await expect(alert).toContainText('config.json has partial_rotary_factor = 0.5');

  await give({});
  await expect(page.getByTestId('model-facts')).toContainText('config.json + 3', { timeout: 60_000 });
  await expect(alert).toHaveCount(0);
  await tunesmith.ready();
});

test('tells what is wrong with an adapter, and keeps chatting with the base', async ({ page, tunesmith }) => {
  const config = { peft_type: 'LORA', r: 2, lora_alpha: 4, target_modules: ['q_proj'] };
  const matrix = (name: string, shape: number[]) => ({
    name: `base_model.model.model.layers.0.self_attn.q_proj.${name}.weight`,
    dtype: 'F32' as const,
    shape,
    data: new Uint8Array(4 * shape.reduce((product, size) => product * size, 1)),
  });
  const weights = writeSafetensors([matrix('lora_A', [2, 64]), matrix('lora_B', [64, 2])]);
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const zip = (name: string, content: Uint8Array) => ({
    name,
    mimeType: 'application/zip',
    buffer: Buffer.from(content),
  });
  const alert = tunesmith.step('export').getByRole('alert');

  await tunesmith.open();
  await tunesmith.give('export', [zip('torn.zip', new Uint8Array(100))]);
  await expect(alert).toContainText('torn.zip');
  await expect(alert).toContainText('is not a zip file');

  await tunesmith.give('export', [zip('half.zip', zipSync({ 'adapter_config.json': json(config) }))]);
  await expect(alert).toContainText('adapter_model.safetensors');

  const files = { 'adapter_config.json': json(config), 'adapter_model.safetensors': weights };
  await tunesmith.give('export', [zip('other-model.zip', zipSync(files))]);
  await expect(alert).toContainText('q_proj');
  await expect(alert).toContainText('made for this base model');

  await expect(page.getByTestId('adapter-facts')).toHaveCount(0);
  const chat = await tunesmith.to('chat');
  await chat.getByRole('button', { name: 'What does a cat say?' }).click();
  await expect(tunesmith.answers().base).toContainText('tokens/s', { timeout: 60_000 });
});
