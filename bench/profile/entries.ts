import type { DispatchProfile, Profile } from '../../src/graph/profile';
import { median } from '../suite/statistics';

/** The measured peak rates of the device. */
export interface MeasuredLimits {
  /** f32 multiply-adds: operations a second. */
  readonly fma: number;
  /** Bytes read and written a second. */
  readonly bandwidth: number;
}

/** A dispatch in the timeline of a step. */
export interface Entry extends DispatchProfile {
  /** 'forward', 'backward', 'optimizer', 'decoding'. */
  readonly phase: string;
}

/** The dispatches of several profiles of the same run, each with the median of its times. */
export function medianEntries(
  profiles: readonly Profile[],
  phaseOf: (dispatch: DispatchProfile) => string,
): Entry[] {
  const [first] = profiles;
  if (!first) return [];
  return first.dispatches.map((dispatch, index) => {
    const samples = profiles.map(({ dispatches }) => dispatches[index]?.seconds ?? NaN);
    return { ...dispatch, phase: phaseOf(dispatch), seconds: median(samples.filter(Number.isFinite)) };
  });
}

/** Seconds of the dispatch at the device's peak rates; arithmetic and memory traffic overlap. */
export function limitSeconds({ flops, bytesRead, bytesWritten }: Entry, limits: MeasuredLimits): number {
  return Math.max(flops / limits.fma, (bytesRead + bytesWritten) / limits.bandwidth);
}

/** Entries with their totals. Invalid times count as zero. */
export interface Total {
  readonly name: string;
  readonly dispatches: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly flops: number;
  /** Share of the device's peak rate: 1 is the maximum. */
  readonly fraction: number;
}

export function total(name: string, entries: readonly Entry[], limits: MeasuredLimits): Total {
  const measured = entries.filter(({ seconds }) => Number.isFinite(seconds));
  const sum = (of: (entry: Entry) => number): number =>
    measured.reduce((result, entry) => result + of(entry), 0);
  const seconds = sum((entry) => entry.seconds);
  return {
    name,
    dispatches: entries.length,
    seconds,
    bytes: sum(({ bytesRead, bytesWritten }) => bytesRead + bytesWritten),
    flops: sum(({ flops }) => flops),
    fraction: sum((entry) => limitSeconds(entry, limits)) / seconds,
  };
}

/** Totals by a name, the longest first. */
export function totalsBy(
  entries: readonly Entry[],
  limits: MeasuredLimits,
  nameOf: (entry: Entry) => string,
): Total[] {
  const groups = new Map<string, Entry[]>();
  for (const entry of entries) {
    const name = nameOf(entry);
    const group = groups.get(name);
    if (group) group.push(entry);
    else groups.set(name, [entry]);
  }
  return [...groups].map(([name, group]) => total(name, group, limits)).sort((a, b) => b.seconds - a.seconds);
}
