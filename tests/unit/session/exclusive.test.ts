import { expect, it } from 'vitest';
import { Exclusive } from '../../../src/session/exclusive';

it('refuses a second call while the first lasts, and says what is under way', async () => {
  const exclusive = new Exclusive();
  let end: () => void = () => undefined;
  const first = exclusive.run('training', () => new Promise<void>((resolve) => (end = resolve)));
  await expect(exclusive.run('chatting', () => Promise.resolve())).rejects.toMatchObject({
    code: 'engine_busy',
    message: 'This can’t be done while the engine is training.',
  });
  await Promise.resolve();
  end();
  await first;
  expect(await exclusive.run('chatting', () => Promise.resolve(1))).toBe(1);
});

it('is free again after a call that failed', async () => {
  const exclusive = new Exclusive();
  await expect(exclusive.run('training', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await exclusive.run('training', () => Promise.resolve(1))).toBe(1);
});

it('measures between exclusive only, and lets the next one wait for it', async () => {
  const exclusive = new Exclusive();
  const order: string[] = [];
  let end: () => void = () => undefined;
  const measured = exclusive.measure(() => {
    order.push('measures');
    return new Promise<void>((resolve) => (end = resolve)).then(() => void order.push('measured'));
  });
  const turn = exclusive.run('training', () => {
    order.push('trains');
    return exclusive.measure(() => {
      order.push('never');
      return Promise.resolve();
    });
  });
  end();
  await Promise.all([measured, turn]);
  expect(order).toEqual(['measures', 'measured', 'trains']);
  await exclusive.measure(() => Promise.reject(new Error('told elsewhere')));
});

it('measures again after a measurement, and one at a time', async () => {
  const exclusive = new Exclusive();
  const order: string[] = [];
  const measure = (name: string) => async () => {
    order.push(`${name} begins`);
    await Promise.resolve();
    order.push(`${name} ends`);
  };
  await Promise.all([exclusive.measure(measure('first')), exclusive.measure(measure('second'))]);
  expect(order).toEqual(['first begins', 'first ends', 'second begins', 'second ends']);
});
