import { find, OWN_NAME, type Report, type Result } from './results';

/** What bench/peers/pytorch.py prints. */
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

/** How PyTorch is called among the peers, up to what its base is held in. */
export const PYTORCH = 'PyTorch + PEFT, ';

/** The report with PyTorch's steps among the peers, each beside the same step of the engine where it was measured. */
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
    // With a note, it is of fewer blocks than the model has.
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
