import { expect, test } from 'vitest';
import { withPyTorch, type PyTorchRun } from '../../../bench/suite/pytorch';
import { OWN_NAME, type Report, type Result } from '../../../bench/suite/results';
import { judge } from '../../../bench/suite/targets';

const WHAT = 'whole step against PyTorch + PEFT (bf16) on the same GPU';

function step(model: string, tokens: number, seconds: number, note?: string): Result {
  const summary = { median: seconds, min: seconds, max: seconds, samples: 3 };
  return { group: 'steps', name: 'seconds', model, tokens, unit: 's', note, ...summary };
}

function report(results: readonly Result[], matrix: boolean): Report {
  return {
    ...{ runtime: 'Node', device: 'some GPU', kind: 'gpu', date: '', version: '', omitted: [], results },
    features: { f16: true, timestamps: true, ...(matrix && { matrix: { M: 16, N: 16, K: 16 } }) },
  };
}

function run(model: string, milliseconds: number, more: Partial<PyTorchRun['result']> = {}): PyTorchRun {
  const result = { model, base: 'bf16', batch: 1, length: 1024, gradient_checkpointing: false, steps: 20 };
  const quartiles = [milliseconds - 1, milliseconds + 1] as const;
  return {
    format: 'tunesmith-pytorch-1',
    result: { ...result, milliseconds, milliseconds_quartiles: quartiles, ...more },
  };
}

test('PyTorch’s steps stand beside the engine’s own', () => {
  const own = report(
    [step('Qwen2.5-0.5B', 1024, 0.5), step('Llama-3.2-1B', 1024, 1, '2 of 16 blocks')],
    true,
  );
  const runs = [run('Qwen2.5-0.5B', 200), run('Llama-3.2-1B', 300), run('Qwen2.5-0.5B', 400, { batch: 4 })];
  const { results } = withPyTorch(own, runs);
  expect(results.filter(({ group }) => group === 'peers')).toEqual([
    expect.objectContaining({ name: 'a step of Qwen2.5-0.5B, 1024 tokens', model: OWN_NAME, median: 0.5 }),
    expect.objectContaining({ model: 'PyTorch + PEFT, bf16', median: 0.2, min: 0.199, max: 0.201 }),
    expect.objectContaining({ name: 'a step of Llama-3.2-1B, 1024 tokens', median: 0.3, samples: 20 }),
  ]);
});

test.each([
  [true, 0.5, false],
  [false, 0.15, true],
])('the target depends on subgroup matrices (%s)', (matrix, goal, reached) => {
  const own = report([step('Qwen2.5-0.5B', 1024, 1)], matrix);
  const runs = [
    run('Qwen2.5-0.5B', 400, { gradient_checkpointing: true }),
    run('Qwen2.5-0.5B', 300),
    run('Qwen2.5-0.5B', 100, { base: 'nf4' }),
  ];
  const judged = judge(withPyTorch(own, runs)).find(({ what }) => what === WHAT)!;
  expect(judged).toMatchObject({ goal, reached, value: 0.3 });
  expect(judged.remark).toContain('beside PyTorch + PEFT, bf16');
});

test('without PyTorch it is told what is needed', () => {
  const judged = judge(report([], false)).find(({ what }) => what === WHAT)!;
  expect(judged).toMatchObject({ value: undefined, reached: undefined });
  expect(judged.remark).toContain('PyTorch');
});
