import { expect, test } from './site';
import { Tunesmith } from './tunesmith';

const SHORT = { max_steps: '2', save_steps: '1', eval_steps: '1', per_device_train_batch_size: '1' };

test('opens the last adapter again after a reload, names runs, finds them and compares them', async ({
  page,
  tunesmith,
}) => {
  const runs = page.getByTestId('runs');
  await tunesmith.open();
  await tunesmith.set(SHORT);

  await test.step('stand where it stood after a reload', async () => {
    await tunesmith.train();
    const before = await tunesmith.adapterBytes();
    await tunesmith.to('chat');
    await page.reload();
    await expect(tunesmith.step('chat')).toBeVisible();
    await tunesmith.reopened();
    await tunesmith.to('train');
    await expect(page.getByTestId('sample-now').first()).toHaveText(/\S/);
    expect((await tunesmith.adapterBytes()).equals(before)).toBe(true);
  });

  await test.step('name a run and find it by its name', async () => {
    await tunesmith.set({ learning_rate: '0.001' });
    await page.getByTestId('dock').getByRole('button', { name: 'Train again' }).click();
    await tunesmith.to('runs');
    await expect(runs.getByTestId('run')).toHaveCount(2);
    const newest = runs.getByTestId('run').first();
    await expect(newest).toContainText('finished', { timeout: 240_000 });
    await newest.getByRole('button', { name: /^More for/ }).click();
    await page.getByRole('menuitem', { name: 'Rename' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('A lower rate');
    await page.keyboard.press('Enter');
    await expect(newest).toContainText('A lower rate');
    await runs.getByLabel('Find a run').fill('lower pirate');
    await expect(runs.getByTestId('run')).toHaveCount(1);
    await runs.getByLabel('Find a run').fill('tunesmith-demo');
    await expect(runs.getByTestId('run')).toHaveCount(2);
  });

  await test.step('compare the two', async () => {
    for (const box of await runs.getByRole('checkbox').all()) await box.check();
    await runs.getByTestId('compare-runs').click();
    await expect(page.getByTestId('compare-chart')).toHaveAttribute('data-runs', '2');
    await expect(page.getByTestId('compare-chart').locator('canvas')).toBeVisible();
    await page.getByRole('button', { name: 'View', exact: true }).click();
    await page.getByRole('radio', { name: 'Time' }).check();
    await expect(page.getByTestId('compare-chart').locator('canvas')).toBeVisible();
    const settings = page.getByTestId('compare-settings').getByRole('row');
    await expect(settings).toHaveCount(2);
    await expect(settings.last()).toContainText('learning_rate');
    await expect(page.getByTestId('compared-answers').first().getByRole('listitem')).toHaveCount(2);
    await runs.getByRole('button', { name: 'Back to the runs' }).click();
  });

  await test.step('open the older run: its settings come along', async () => {
    await runs.getByTestId('run').last().getByRole('button', { name: 'Open' }).click();
    await expect(tunesmith.step('train')).toBeVisible({ timeout: 60_000 });
    await tunesmith.changeSettings();
    await expect(tunesmith.step('train').getByLabel('learning_rate', { exact: true })).not.toHaveValue(
      '0.001',
    );
  });
});

test('shows in one tab what another one trains, and lets go of it', async ({ page, context, tunesmith }) => {
  await tunesmith.open();
  const other = new Tunesmith(await context.newPage());
  await other.open();
  await other.to('runs');
  await page.bringToFront();
  await tunesmith.set({ ...SHORT, max_steps: '400' });
  await tunesmith.start.click();
  await tunesmith.reached(1);
  const run = other.page.getByTestId('run');
  await expect(run).toContainText('in use in another tab', { timeout: 60_000 });
  await expect(run.getByRole('button', { name: 'Continue' })).toBeDisabled();
  await tunesmith.button('stop').click();
  await expect(run).toContainText('stopped', { timeout: 120_000 });
  await expect(run.getByRole('button', { name: 'Open' })).toBeEnabled();
  await expect(run.getByRole('button', { name: 'Continue' })).toBeEnabled();
});
