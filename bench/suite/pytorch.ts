import { find, OWN_NAME, type Report, type Result } from './results';

/** The output of bench/peers/pytorch.py. */
export interface PyTorchRun {
  readonly format: 'tunesmith-pytorch-1';
  readonly result: {
    readonly model: string;
    /** 'bf16' or 'nf4' */
    readonly base: string;
    readonly batch: number;
    readonly length: number;
    readonly gradient_checkpointing: boolean;
    readonly steps: number;
    readonly milliseconds: number;
    readonly milliseconds_quartiles: readonly [lower: number, upper: number];
  };
}

/** PyTorch's name among the peers, followed by the format of its base. */
export const PYTORCH = 'PyTorch + PEFT, ';

/** Adds PyTorch's steps to the report's peers, each beside the engine's same step if it was measured. */
export function withPyTorch(report: Report, runs: readonly PyTorchRun[]): Report {
  const steps = runs.filter(({ result }) => result.batch === 1);
  const theirs = steps.map(({ result }): Result => {
    const { base, gradient_checkpointing, milliseconds, milliseconds_quartiles } = result;
    const [lower, upper] = milliseconds_quartiles;
    return {
      ...{ group: 'peers', name: stepName(result.model, result.length), unit: 's', samples: result.steps },
      model: `${PYTORCH}${base}${gradient_checkpointing ? ', recomputing' : ''}`,
      ...{ median: milliseconds / 1000, min: lower / 1000, max: upper / 1000 },
    };
  });
  const own = new Map<string, Result>();
  for (const { result } of steps) {
    const { model, length: tokens } = result;
    const step = find(report.results, 'steps', 'seconds', { model, tokens });
    // A step with a note has fewer blocks than the model.
    if (!step || step.note !== undefined) continue;
    const { median, min, max, samples } = step;
    const name = stepName(model, tokens);
    own.set(name, { group: 'peers', name, model: OWN_NAME, unit: 's', median, min, max, samples });
  }
  return { ...report, results: [...report.results, ...own.values(), ...theirs] };
}

function stepName(model: string, tokens: number): string {
  return `a step of ${model}, ${tokens} tokens`;
}
