import { expectContrast, expectNoViolation } from './axe';
import { expect, test } from './site';
import type { FileToGive } from './tunesmith';

function file(name: string, buffer: Buffer): FileToGive {
  return { name, mimeType: 'application/octet-stream', buffer };
}

/** `[{"instruction":"你是谁？","output":"我是一个助手，请问需要什么帮助？"}]` in GBK. */
const GBK = Buffer.from(
  'W3siaW5zdHJ1Y3Rpb24iOiLE48rHy62jvyIsIm91dHB1dCI6Is7SysfSu7j21vrK1qOsx+vOytDo0qrKssO0sO/W+qO/In1d',
  'base64',
);
/** `{"instruction":"名","output":"猫"}` in Shift_JIS: too short to be told from Central European letters. */
const SHORT = Buffer.from('eyJpbnN0cnVjdGlvbiI6Ipa8Iiwib3V0cHV0IjoilEwifQ==', 'base64');

const TABLE = [
  'Ask;Reply;Place',
  ...Array.from({ length: 12 }, (_, number) => `How much is ${number}?;It is ${number} apples.;shop`),
].join('\r\n');

test('files of any encoding and columns become rows, are cleaned, and are trained on', async ({
  page,
  tunesmith,
}) => {
  await tunesmith.open();
  const examples = await tunesmith.to('examples');
  await examples.getByRole('radio', { name: 'Your own examples' }).check();
  const preview = page.getByTestId('example-preview');
  const panel = (name: string) => page.getByTestId('file-panel').filter({ hasText: name });

  await test.step('an encoding is found, or chosen', async () => {
    await tunesmith.give('examples', [file('gbk.json', GBK), file('short.jsonl', SHORT)]);
    await expect(panel('gbk.json')).toContainText('GB18030 (GBK) (guessed), 1 record, 1 example');
    await expect(preview).toContainText('我是一个助手，请问需要什么帮助？');
    await expect(preview).not.toContainText('猫');
    await panel('short.jsonl').locator('summary').first().click();
    await panel('short.jsonl').getByLabel('Encoding').selectOption('Shift_JIS');
    await expect(preview).toContainText('猫');
    await expect(panel('short.jsonl').locator('summary').first()).toContainText('JSONL, Shift_JIS, 1 record');
  });

  await test.step('odd columns are mapped', async () => {
    await tunesmith.give('examples', [file('odd.csv', Buffer.from(TABLE))]);
    await expect(panel('odd.csv')).toContainText('12 records, 0 examples');
    await expect(panel('odd.csv').getByLabel('Instruction')).toHaveValue('Ask');
    await expect(panel('odd.csv').getByLabel('Output')).toHaveValue('Reply');
    await panel('odd.csv').getByRole('button', { name: 'Use these columns' }).click();
    await expect(panel('odd.csv')).toContainText('12 records, 12 examples');
    await expectNoViolation(page, 'panels of files');
  });

  await test.step('steps of cleaning are switched, and tell their effect', async () => {
    await examples.getByRole('radio', { name: 'Cleaning' }).check();
    await examples.getByRole('radio', { name: 'Light' }).check();
    const cleaning = page.getByTestId('cleaning');
    await expect(cleaning).toContainText('Of 14 rows, 0 changed and 0 dropped.');
    await cleaning.getByRole('switch', { name: 'Length' }).click();
    await cleaning.getByLabel('Shortest answer').fill('2');
    await cleaning.getByLabel('Shortest answer').press('Enter');
    await expect(cleaning).toContainText('Of 14 rows, 0 changed and 1 dropped.');
    await cleaning.getByText('Examples', { exact: true }).click();
    await expect(cleaning).toContainText('short.jsonl, record 1');
    await expectNoViolation(page, 'cleaning');
    await expectContrast(page, 'cleaning');
    await cleaning.getByRole('button', { name: 'Show the dropped rows' }).click();
    await expect(page.getByTestId('rows')).toContainText('1 of 14 rows');
  });

  await test.step('the rows train an adapter', async () => {
    await tunesmith.set({ max_steps: '3', save_steps: '3', eval_split: '0' });
    await tunesmith.train();
    expect((await tunesmith.adapterBytes()).length).toBeGreaterThan(1000);
  });
});
