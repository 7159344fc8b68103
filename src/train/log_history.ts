import type { HistoryEvent, TrainEvent } from './events';

/** Numbers of one moment of a run, by the names of transformers' `log_history`. */
export interface LogEntry {
  readonly step: number;
  /** Passes over the examples; absent before the first logged step. */
  readonly epoch?: number;
  /** Seconds of the run so far, without its pauses; absent in runs of older versions. */
  readonly elapsed?: number;
  /** Names of evaluations begin with `eval_`. */
  readonly values: Readonly<Record<string, number>>;
}

/** The numbers in a run's events, in their order. */
export function logHistory(events: readonly TrainEvent[]): readonly LogEntry[] {
  let last: HistoryEvent | undefined;
  return events.flatMap((event): LogEntry[] => {
    if (event.event === 'step') {
      last = event;
      const { step, epoch, loss, grad_norm, learning_rate, tokens_per_second, elapsed_seconds } = event;
      const { memory_bytes, metrics } = event;
      const values = { loss, grad_norm, learning_rate, ...metrics, tokens_per_second };
      return [
        {
          ...{ step, epoch },
          ...(elapsed_seconds !== undefined && { elapsed: elapsed_seconds }),
          values: { ...values, ...(memory_bytes !== undefined && { memory_bytes }) },
        },
      ];
    }
    if (event.event !== 'eval') return [];
    const { step, eval_loss, perplexity, eval_losses = {}, eval_runtime, metrics = {} } = event;
    const values: Record<string, number> = { eval_loss };
    if (perplexity !== undefined) values.eval_perplexity = perplexity;
    for (const [name, loss] of Object.entries(eval_losses)) values[`eval_${name}_loss`] = loss;
    for (const [name, mean] of Object.entries(metrics)) values[`eval_${name}`] = mean;
    if (eval_runtime !== undefined) values.eval_runtime = eval_runtime;
    if (last?.event !== 'step') return [{ step, values }];
    const { elapsed_seconds } = last;
    return [
      {
        step,
        epoch: (last.epoch * step) / last.step,
        ...(elapsed_seconds !== undefined && { elapsed: elapsed_seconds }),
        values,
      },
    ];
  });
}
