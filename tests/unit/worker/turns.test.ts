import { expect, it } from 'vitest';
import { Turns } from '../../../src/worker/turns';

it('refuses a second turn while the first lasts, and says what is under way', async () => {
  const turns = new Turns();
  let end: () => void = () => undefined;
  const first = turns.alone('training', () => new Promise<void>((resolve) => (end = resolve)));
  await expect(turns.alone('chatting', () => Promise.resolve())).rejects.toMatchObject({
    code: 'engine_busy',
    message: 'This can’t be done while the engine is training.'.replace('’', "'"),
  });
  await Promise.resolve();
  end();
  await first;
  expect(await turns.alone('chatting', () => Promise.resolve(1))).toBe(1);
});

it('is free again after a turn that failed', async () => {
  const turns = new Turns();
  await expect(turns.alone('training', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(await turns.alone('training', () => Promise.resolve(1))).toBe(1);
});

it('measures between turns only, and lets the next one wait for it', async () => {
  const turns = new Turns();
  const order: string[] = [];
  let end: () => void = () => undefined;
  const measured = turns.measure(() => {
    order.push('measures');
    return new Promise<void>((resolve) => (end = resolve)).then(() => void order.push('measured'));
  });
  const turn = turns.alone('training', () => {
    order.push('trains');
    return turns.measure(() => {
      order.push('never');
      return Promise.resolve();
    });
  });
  end();
  await Promise.all([measured, turn]);
  expect(order).toEqual(['measures', 'measured', 'trains']);
  await turns.measure(() => Promise.reject(new Error('told elsewhere')));
});
