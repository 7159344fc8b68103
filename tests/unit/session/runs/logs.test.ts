import { describe, expect, it } from 'vitest';
import { DEFAULTS } from '../../../../src/core/settings/settings';
import { LiveLogs, logFolder } from '../../../../src/session/runs/live_logs';
import { LOG_FORMATS, logBytes, logFiles } from '../../../../src/session/runs/logs';
import type { StoredRun } from '../../../../src/storage/runs';
import type { EvalEvent, StepEvent, TrainEvent } from '../../../../src/train/events';
import { logHistory } from '../../../../src/train/log_history';
import { MemoryFiles } from '../../storage/memory_files';

const run: StoredRun = {
  ...{ id: 'a-run', startedAt: '2026-01-01T00:00:00.000Z', updatedAt: '2026-01-01T00:00:00.000Z' },
  ...{ modelName: 'tiny', modelSource: 'demo', dataFiles: [], state: 'running', checkpointStep: 0 },
  settings: { ...DEFAULTS, report_to: ['tensorboard', 'csv', 'jsonl'] },
  ...{ steps: 4, history: [], bytes: 0 },
};

const step = (at: number, changes: Partial<StepEvent> = {}): StepEvent => ({
  ...{ event: 'step', step: at, steps: 4, epoch: at / 2, loss: 4 - at, learning_rate: 1e-4, grad_norm: 0.5 },
  ...{ target_tokens: 8, tokens_per_second: 100, eta_seconds: 1, elapsed_seconds: 10 * at, ...changes },
});

const evaluation = (at: number, changes: Partial<EvalEvent> = {}): EvalEvent => ({
  ...{ event: 'eval', step: at, eval_loss: 2, perplexity: 7.5, ...changes },
});

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

describe('the numbers of a run', () => {
  it('have transformers’ names; an evaluation has the epoch and the time of its step', () => {
    const events = [
      step(1, { metrics: { 'rewards/margins': 3 }, memory_bytes: 99 }),
      { event: 'sample' as const, step: 1, answers: [] },
      evaluation(1, { eval_losses: { 'a.csv': 1 }, eval_runtime: 6, metrics: { accuracy: 1 } }),
    ];
    expect(logHistory(events)).toEqual([
      {
        ...{ step: 1, epoch: 0.5, elapsed: 10 },
        values: {
          ...{ loss: 3, grad_norm: 0.5, learning_rate: 1e-4, 'rewards/margins': 3 },
          ...{ tokens_per_second: 100, memory_bytes: 99 },
        },
      },
      {
        ...{ step: 1, epoch: 0.5, elapsed: 10 },
        values: {
          ...{ eval_loss: 2, eval_perplexity: 7.5, 'eval_a.csv_loss': 1, eval_accuracy: 1, eval_runtime: 6 },
        },
      },
    ]);
    expect(logHistory([evaluation(0)])).toEqual([
      { step: 0, values: { eval_loss: 2, eval_perplexity: 7.5 } },
    ]);
  });

  it('are a table with empty cells, whose names may have commas', () => {
    const entries = logHistory([step(1), evaluation(1, { eval_losses: { 'a,"b".csv': 1 } })]);
    expect(text(logBytes(LOG_FORMATS.csv, run, entries)).split('\r\n')).toEqual([
      'step,epoch,elapsed_seconds,loss,grad_norm,learning_rate,tokens_per_second,eval_loss,eval_perplexity,"eval_a,""b"".csv_loss"',
      '1,0.5,10,3,0.5,0.0001,100,,,',
      '1,0.5,10,,,,,2,7.5,1',
      '',
    ]);
  });

  it('are lines of JSON as log_history has them, and trainer_state.json', () => {
    const history = [step(1), evaluation(1)];
    const lines = text(logBytes(LOG_FORMATS.jsonl, run, logHistory(history)))
      .trimEnd()
      .split('\n');
    const rows = lines.map((line) => JSON.parse(line) as unknown);
    expect(rows[1]).toEqual({ eval_loss: 2, eval_perplexity: 7.5, elapsed_seconds: 10, epoch: 0.5, step: 1 });
    const files = logFiles({ ...run, history });
    expect(files.map(({ name }) => name)).toEqual([
      'events.out.tfevents.1767225600.tunesmith.v2',
      'metrics.csv',
      'metrics.jsonl',
      'trainer_state.json',
    ]);
    const [state] = files[3]!.parts() as Uint8Array[];
    expect(JSON.parse(text(state!))).toMatchObject({ global_step: 1, max_steps: 4, log_history: rows });
  });
});

describe('the files of a run in training', () => {
  const written = async (files: MemoryFiles) =>
    await Promise.all(
      run.settings.report_to.map((name) =>
        files.read(`${logFolder(run)}/${LOG_FORMATS[name].fileName(run)}`),
      ),
    );
  const whole = (events: readonly TrainEvent[]) =>
    run.settings.report_to.map((name) => logBytes(LOG_FORMATS[name], run, logHistory(events)));

  it('are at any time those of the history so far, also if new names come, and after going back', async () => {
    const files = new MemoryFiles();
    const logs = new LiveLogs(files, run);
    const history: TrainEvent[] = [step(1), evaluation(1)];
    logs.restart(history.slice(0, 1));
    logs.add(history[1]!);
    logs.add({ event: 'sample', step: 1, answers: [] });
    for (const event of [step(2), step(3, { memory_bytes: 5 }), evaluation(3)]) {
      logs.add(event);
      history.push(event);
      await logs.settle();
      expect(await written(files)).toEqual(whole(history));
    }
    logs.restart(history.slice(0, 2));
    logs.add(step(2, { loss: 9 }));
    await logs.settle();
    expect(await written(files)).toEqual(whole([...history.slice(0, 2), step(2, { loss: 9 })]));
  });

  it('do not disturb the training if they can’t be written, and say so at the end', async () => {
    const files = new MemoryFiles();
    files.openWriter = () => Promise.reject(new Error('no room'));
    const logs = new LiveLogs(files, run);
    logs.restart([]);
    logs.add(step(1));
    logs.add(step(2));
    await expect(logs.settle()).rejects.toThrow('no room');
  });
});
