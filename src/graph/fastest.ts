import type { Choice, Choices } from '../gpu/choices';
import type { Dispatch } from '../ops/op';
import { agree } from './agreement';
import { totalOperations } from './operations';
import type { Trial } from './trial';

/** Bounds of one timing: long enough for the device's clock, and far from what a driver's watchdog or a person minds. */
const SHORTEST_SECONDS = 0.004;
const LONGEST_SECONDS = 0.05;
/** Rows whose results are compared: blocks of 64 and of 32 rows, and a part of one. */
const CHECKED_ROWS = 80;
const MOST_REPEATS = 64;
/** Timings of each candidate that stays in the comparison. */
const ROUNDS = 3;
/** A candidate slower than the fastest by this factor is timed once. */
const HOPELESS = 1.5;
/** Another candidate replaces the default only if it is faster by more than this share. Less is noise. */
const MARGIN = 0.03;

export interface Contender {
  readonly name: string;
  readonly dispatches: readonly Dispatch[];
  readonly trial: Trial;
  readonly times: number[];
}

/** The name of the fastest correct candidate; undefined if none could be timed. Refuses candidates that fail or are wrong. */
export async function fastest(
  choice: Choice,
  contenders: readonly Contender[],
  { capacity, choices, pace }: { capacity: number; choices: Choices; pace: { rate: number } },
): Promise<string | undefined> {
  let running = [...contenders];
  const refuse = (contender: Contender): void => {
    choices.refuse(choice, contender.name);
    running = running.filter((other) => other !== contender);
  };
  /** Returns undefined and drops the candidate if the device rejects it. Throws if the device is lost. */
  const attempt = async <T>(contender: Contender, run: () => Promise<T | undefined>) => {
    let result: T | undefined;
    try {
      result = await run();
    } finally {
      if (result === undefined) refuse(contender);
    }
    return result;
  };
  const time = (contender: Contender, rows: number, repeats: number): Promise<number | undefined> =>
    attempt(contender, () => contender.trial.seconds(rows, repeats));

  // The first candidate that runs decides how many rows are timed.
  let rows: number | undefined;
  for (const contender of contenders) {
    if (rows === undefined) rows = await rowsFor(contender, { contenders, capacity, pace, time });
    else await time(contender, rows, 1);
  }
  if (rows === undefined) return undefined;

  // Drivers have bugs, and a kernel that is fast because it is wrong must not win.
  const checked = Math.min(rows, CHECKED_ROWS);
  const results = new Map<Contender, readonly Float32Array[]>();
  for (const contender of [...running]) {
    const found = await attempt(contender, () => contender.trial.results(checked));
    if (found) results.set(contender, found);
  }
  const plain = running.find(({ name }) => name === (choice.plain ?? choice.candidates[0]));
  if (plain) for (const wrong of outvoted(plain, results)) refuse(wrong);

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

/** The candidates that differ from the plainest one; or the plainest alone, if at least two others agree on another result. */
function outvoted(
  plain: Contender,
  results: ReadonlyMap<Contender, readonly Float32Array[]>,
): readonly Contender[] {
  const expected = results.get(plain) ?? [];
  const others = [...results.keys()].filter((contender) => contender !== plain);
  const different = others.filter((contender) => !agree(results.get(contender)!, expected));
  const [first, ...more] = different;
  if (!first || more.length === 0 || different.length < others.length) return different;
  const united = more.every((contender) => agree(results.get(contender)!, results.get(first)!));
  return united ? [plain] : different;
}

interface Attempts {
  readonly contenders: readonly Contender[];
  readonly capacity: number;
  readonly pace: { rate: number };
  readonly time: (contender: Contender, rows: number, repeats: number) => Promise<number | undefined>;
}

/** The number of rows to time at once: all of them, fewer on a slow device. Undefined if the candidate does not run at all. */
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
    // A run too short to time gives a lower bound of the speed.
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
