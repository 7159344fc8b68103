import { choiceKey, type Choices } from '../gpu/choices';
import type { Dispatch } from '../ops/op';
import { fastest, type Contender } from './fastest';
import { totalOperations, withoutShared } from './operations';
import type { Plan, PlannedChoice } from './plan';
import type { TrialBench, TunedProgram } from './trial';

export interface TuneRequest {
  /** The programs that will run with the choices. */
  readonly programs: readonly TunedProgram[];
  /** Receives the results as they are found. */
  readonly choices: Choices;
  readonly bench: TrialBench;
  /** The time limit; choices still open then keep their defaults. */
  readonly seconds: number;
  readonly onProgress?: (fraction: number) => void;
  /** Ends the tuning early and keeps the results so far. */
  readonly signal?: AbortSignal;
  readonly now?: () => number;
}

/** The share of the time that compiling ahead may take. */
const COMPILING = 0.5;
/** Of a program's operations: a choice about less is not worth the time to compile and to measure it. */
const SMALLEST_SHARE = 0.01;

/**
 * Times the candidates of every choice of the programs that has not been measured, the costliest first, and records the
 * fastest of those that compute the same as the plainest one. It only runs the dispatches that differ between candidates,
 * on scratch memory. Resolves to whether it measured anything.
 *
 * A candidate that the device rejects, or that computes something else, is refused for good. If the device is lost, the
 * candidate is refused and the loss is thrown.
 */
export async function tune(request: TuneRequest): Promise<boolean> {
  const { programs, choices, bench, seconds, onProgress, signal } = request;
  const now = request.now ?? (() => performance.now() / 1000);
  const end = now() + seconds;
  const open = openChoices(programs, choices);
  if (open.length === 0) return false;
  onProgress?.(0);
  const candidates = open.flatMap((entry) => lowered(entry, choices).map(({ dispatches }) => dispatches));
  await bench.compile(candidates, seconds * COMPILING);
  const pace = { rate: bench.rate };
  for (const [index, entry] of open.entries()) {
    onProgress?.(index / open.length);
    // Even the slowest device compares the first choice.
    if (signal?.aborted || (index > 0 && now() >= end)) return index > 0;
    await compare(entry, { choices, bench, pace });
  }
  onProgress?.(1);
  return true;
}

interface OpenChoice {
  readonly planned: PlannedChoice;
  readonly program: TunedProgram;
}

/** Each open choice once, the largest share of a program first, without those of negligible share. */
function openChoices(programs: readonly TunedProgram[], choices: Choices): readonly OpenChoice[] {
  const found = new Map<string, OpenChoice & { share: number }>();
  for (const program of programs) {
    const { plannedChoices, dispatches, capacity } = program.plan;
    const open = plannedChoices.filter(({ choice }) => choices.isOpen(choice));
    const all = totalOperations(dispatches, capacity);
    const times = new Map<string, number>();
    for (const { choice } of open) times.set(choiceKey(choice), (times.get(choiceKey(choice)) ?? 0) + 1);
    for (const planned of new Map(open.map((each) => [choiceKey(each.choice), each])).values()) {
      const key = choiceKey(planned.choice);
      const [sound] = lowered({ planned, program }, choices);
      const share = ((times.get(key) ?? 0) * totalOperations(sound?.dispatches ?? [], capacity)) / all;
      if (share >= SMALLEST_SHARE && share > (found.get(key)?.share ?? 0)) {
        found.set(key, { planned, program, share });
      }
    }
  }
  return [...found.values()].sort((a, b) => b.share - a.share);
}

/** The dispatches of each candidate that the others do not share. */
function lowered(
  { planned: { choice, lower }, program: { plan } }: OpenChoice,
  choices: Choices,
): readonly { readonly name: string; readonly dispatches: readonly Dispatch[] }[] {
  const names = choices.usable(choice);
  const key = choiceKey(choice);
  const whole = names.map((name) =>
    lower((other) => (choiceKey(other) === key ? name : choices.choose(other))),
  );
  return withoutShared(whole, plan.capacity).map((dispatches, index) => ({
    name: names[index]!,
    dispatches,
  }));
}

/** The chosen kernels of all choices of the plans, so that a later run can pin them (`Choices.pin`). */
export function chosenKernels(plans: readonly Plan[], choices: Choices): Readonly<Record<string, string>> {
  const all = plans.flatMap(({ plannedChoices }) => plannedChoices.map(({ choice }) => choice));
  return Object.fromEntries(all.map((choice) => [choiceKey(choice), choices.choose(choice)]));
}

interface Comparison {
  readonly choices: Choices;
  readonly bench: TrialBench;
  /** Operations a second so far, which decide how many rows are timed. */
  readonly pace: { rate: number };
}

async function compare(entry: OpenChoice, { choices, bench, pace }: Comparison): Promise<void> {
  const { program, planned } = entry;
  const { choice } = planned;
  const candidates = lowered(entry, choices);
  const trials = await bench.prepare(
    candidates.map(({ dispatches }) => dispatches),
    program,
  );
  if (!trials) return;
  const contenders = candidates.flatMap(({ name, dispatches }, index): Contender[] => {
    const trial = trials[index]!;
    if (trial !== 'refused') return [{ name, dispatches, trial, times: [] }];
    choices.refuse(choice, name);
    return [];
  });
  try {
    const chosen = await fastest(choice, contenders, { capacity: program.plan.capacity, choices, pace });
    if (chosen !== undefined) choices.record(choice, chosen);
  } finally {
    for (const { trial } of contenders) trial.destroy();
  }
}
