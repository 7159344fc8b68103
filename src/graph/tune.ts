import { choiceKey, type Choice, type Choices } from '../gpu/choices';
import type { Dispatch } from '../ops/op';
import { byteLength, type Plan, type Question } from './plan';

/** What one candidate runs, made ready to be timed. */
export interface Trial {
  /**
   * Seconds that it takes to do all once, the mean over some repeats, at so many of the capacity's rows; undefined where
   * the device reports an error. Throws where the device was lost.
   */
  seconds(rows: number, repeats: number): Promise<number | undefined>;
  destroy(): void;
}

/** Where candidates are timed: a device, or a test's idea of one. */
export interface TrialBench {
  /** Floating-point operations a second that the device did at the least so far. */
  readonly rate: number;
  /** Compiles ahead what will be prepared, for so long at the most. */
  compile(candidates: readonly (readonly Dispatch[])[], seconds: number): Promise<void>;
  /**
   * One trial a candidate, 'refused' in the place of those that the device does not take; undefined where there is no
   * memory for any. Throws where the device was lost.
   */
  prepare(
    candidates: readonly (readonly Dispatch[])[],
    program: TunedProgram,
  ): Promise<readonly (Trial | 'refused')[] | undefined>;
}

/** A program that will run. */
export interface TunedProgram {
  readonly plan: Plan;
  /** Rows in the key and value cache while it is timed. */
  readonly past?: number;
}

export interface TuneRequest {
  /** All that will run with the choices. */
  readonly programs: readonly TunedProgram[];
  /** Receives the answers as they are found. */
  readonly choices: Choices;
  readonly bench: TrialBench;
  /** After so long, what is still open keeps its default. */
  readonly seconds: number;
  readonly onProgress?: (fraction: number) => void;
  /** Ends it early; what was found out until then holds. */
  readonly signal?: AbortSignal;
  readonly now?: () => number;
}

/** Bounds of one timing: long enough for the device's clock, and far from what a driver's watchdog or a person minds. */
const SHORTEST_SECONDS = 0.004;
const LONGEST_SECONDS = 0.05;
/** The share of the time that compiling ahead may take. */
const COMPILING = 0.5;
const MOST_REPEATS = 64;
/** Timings of each candidate that stays in the comparison. */
const ROUNDS = 3;
/** One that takes so much longer than the fastest is timed once. */
const HOPELESS = 1.5;
/** Of a program's operations: a choice about less is not worth the time to compile and to measure it. */
const SMALLEST_SHARE = 0.01;
/** The default gives way to what is faster by more than this: less is noise. */
const MARGIN = 0.03;

/**
 * Times the candidates of every choice that the programs ask and that has no answer yet, the costliest first, and keeps
 * the fastest: only the dispatches that differ are run, alone, on scratch memory. Resolves to whether anything was
 * measured.
 *
 * A candidate that the device does not take is refused for good, whatever it reports; where the device itself is lost
 * meanwhile that is thrown, with the candidate refused.
 */
export async function tune(request: TuneRequest): Promise<boolean> {
  const { programs, choices, bench, seconds, onProgress, signal } = request;
  const now = request.now ?? (() => performance.now() / 1000);
  const end = now() + seconds;
  const open = openQuestions(programs, choices);
  if (open.length === 0) return false;
  onProgress?.(0);
  const candidates = open.flatMap((entry) => lowered(entry, choices).map(({ dispatches }) => dispatches));
  await bench.compile(candidates, seconds * COMPILING);
  const pace = { rate: bench.rate };
  for (const [index, entry] of open.entries()) {
    onProgress?.(index / open.length);
    // However slow the device is, it gets on.
    if (signal?.aborted || (index > 0 && now() >= end)) return index > 0;
    await compare(entry, { choices, bench, pace });
  }
  onProgress?.(1);
  return true;
}

interface OpenQuestion {
  readonly question: Question;
  readonly program: TunedProgram;
}

/** Each open choice once, the largest share of a program first; those that hardly count are left out. */
function openQuestions(programs: readonly TunedProgram[], choices: Choices): readonly OpenQuestion[] {
  const found = new Map<string, OpenQuestion & { share: number }>();
  for (const program of programs) {
    const { questions, dispatches, capacity } = program.plan;
    const open = questions.filter(({ choice }) => choices.isOpen(choice));
    const all = totalOperations(dispatches, capacity);
    const times = new Map<string, number>();
    for (const { choice } of open) times.set(choiceKey(choice), (times.get(choiceKey(choice)) ?? 0) + 1);
    for (const question of new Map(open.map((each) => [choiceKey(each.choice), each])).values()) {
      const key = choiceKey(question.choice);
      const [sound] = lowered({ question, program }, choices);
      const share = ((times.get(key) ?? 0) * totalOperations(sound?.dispatches ?? [], capacity)) / all;
      if (share >= SMALLEST_SHARE && share > (found.get(key)?.share ?? 0)) {
        found.set(key, { question, program, share });
      }
    }
  }
  return [...found.values()].sort((a, b) => b.share - a.share);
}

/** What each candidate of a choice runs and the others don't. */
function lowered(
  { question: { choice, lower }, program: { plan } }: OpenQuestion,
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

/** The choices that the plans ask with their answers, for who wants the same again: see `Choices.pin`. */
export function answersFor(plans: readonly Plan[], choices: Choices): Readonly<Record<string, string>> {
  const asked = plans.flatMap(({ questions }) => questions.map(({ choice }) => choice));
  return Object.fromEntries(asked.map((choice) => [choiceKey(choice), choices.choose(choice)]));
}

interface Comparison {
  readonly choices: Choices;
  readonly bench: TrialBench;
  /** Operations a second so far: how many rows can be timed goes by it. */
  readonly pace: { rate: number };
}

interface Contender {
  readonly name: string;
  readonly dispatches: readonly Dispatch[];
  readonly trial: Trial;
  readonly times: number[];
}

async function compare(entry: OpenQuestion, { choices, bench, pace }: Comparison): Promise<void> {
  const { program, question } = entry;
  const { choice } = question;
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
    if (chosen !== undefined) choices.answer(choice, chosen);
  } finally {
    for (const { trial } of contenders) trial.destroy();
  }
}

/** The name of the fastest; undefined where nothing can be said. */
async function fastest(
  choice: Choice,
  contenders: readonly Contender[],
  { capacity, choices, pace }: { capacity: number; choices: Choices; pace: { rate: number } },
): Promise<string | undefined> {
  let running = [...contenders];
  const time = async (contender: Contender, rows: number, repeats: number): Promise<number | undefined> => {
    try {
      const seconds = await contender.trial.seconds(rows, repeats);
      if (seconds !== undefined) return seconds;
    } catch (error) {
      choices.refuse(choice, contender.name);
      throw error;
    }
    choices.refuse(choice, contender.name);
    running = running.filter((other) => other !== contender);
    return undefined;
  };

  // The first that runs tells how many rows fit, the others follow it.
  let rows: number | undefined;
  for (const contender of contenders) {
    if (rows === undefined) rows = await rowsFor(contender, { contenders, capacity, pace, time });
    else await time(contender, rows, 1);
  }
  if (rows === undefined) return undefined;

  const repeats = new Map<Contender, number>();
  for (const contender of [...running]) {
    const seconds = await time(contender, rows, 1);
    if (seconds !== undefined) repeats.set(contender, repeatsFor(seconds));
  }
  const best = (): number => Math.min(...running.map(({ times }) => medianOf(times)));
  for (let round = 0; round < ROUNDS; round++) {
    for (const contender of [...running]) {
      if (contender.times.length > 0 && medianOf(contender.times) > HOPELESS * best()) continue;
      const seconds = await time(contender, rows, repeats.get(contender) ?? 1);
      if (seconds !== undefined) contender.times.push(seconds);
    }
  }
  const [sound] = running;
  if (!sound) return undefined;
  const winner = running.reduce((a, b) => (medianOf(b.times) < medianOf(a.times) ? b : a));
  const clear = medianOf(winner.times) < (1 - MARGIN) * medianOf(sound.times);
  return clear ? winner.name : sound.name;
}

interface Attempts {
  readonly contenders: readonly Contender[];
  readonly capacity: number;
  readonly pace: { rate: number };
  readonly time: (contender: Contender, rows: number, repeats: number) => Promise<number | undefined>;
}

/** As many rows as can be timed in one go: all of them, but on slow devices. Undefined where it does not run at all. */
async function rowsFor(contender: Contender, attempts: Attempts): Promise<number | undefined> {
  const { contenders, capacity, pace, time } = attempts;
  const flops = ({ dispatches }: Contender, rows: number): number => totalOperations(dispatches, rows);
  const most = (rows: number): number => Math.max(...contenders.map((each) => flops(each, rows)));
  const fitting = (): number => {
    let rows = capacity;
    while (rows > 1 && most(rows) > pace.rate * LONGEST_SECONDS) rows = Math.ceil(rows / 2);
    return rows;
  };
  for (let rows = fitting(); ;) {
    const seconds = await time(contender, rows, 1);
    if (seconds === undefined) return undefined;
    // What is too short to be timed tells that the device is at least so fast.
    pace.rate = Math.max(pace.rate, flops(contender, rows) / Math.max(seconds, SHORTEST_SECONDS / 8));
    const next = fitting();
    if (next <= rows) return rows;
    rows = next;
  }
}

function repeatsFor(seconds: number): number {
  return Math.min(MOST_REPEATS, Math.max(1, Math.ceil(SHORTEST_SECONDS / Math.max(seconds, 1e-9))));
}

function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Infinity;
}

/**
 * What is left of each list without the dispatches that all of them have: what a node runs whatever the answer is need not
 * be timed. Where nothing is left of some, it is still a list.
 */
export function withoutShared(
  lists: readonly (readonly Dispatch[])[],
  capacity: number,
): readonly (readonly Dispatch[])[] {
  const counts = lists.map((list) => {
    const count = new Map<string, number>();
    for (const dispatch of list) {
      const signature = signatureOf(dispatch, capacity);
      count.set(signature, (count.get(signature) ?? 0) + 1);
    }
    return count;
  });
  return lists.map((list) => {
    const left = new Map<string, number>();
    return list.filter((dispatch) => {
      const signature = signatureOf(dispatch, capacity);
      const shared = left.get(signature) ?? Math.min(...counts.map((count) => count.get(signature) ?? 0));
      left.set(signature, shared - 1);
      return shared <= 0;
    });
  });
}

/** What a dispatch takes to run is the same where this is. */
function signatureOf(dispatch: Dispatch, rows: number): string {
  const { kernel, constants, overrides, words, bindings, workgroups } = dispatch;
  const bound = bindings.map(({ tensor, access, offset, size }) => [
    tensor.type,
    tensor.shape,
    access,
    offset,
    size,
  ]);
  return JSON.stringify([kernel, constants, overrides, words, bound, workgroups(rows)]);
}

function totalOperations(dispatches: readonly Dispatch[], rows: number): number {
  return dispatches.reduce((sum, dispatch) => sum + operations(dispatch, rows), 0);
}

function operations(dispatch: Dispatch, rows: number): number {
  if (dispatch.workgroups(rows).includes(0)) return 0;
  // What only moves bytes takes its time as well.
  return dispatch.flops?.(rows) ?? dispatch.bindings.reduce((sum, b) => sum + byteLength(b.tensor, rows), 0);
}
