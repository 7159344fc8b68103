import { keyOf, type Report, type Result } from './results';

/** Figures of an earlier run by their keys. */
export type Earlier = ReadonlyMap<string, Result>;

/** The earlier report of the same runtime (Node or the browser, whatever the version) and the same device, if any. */
export function earlierOf(report: Report, reports: readonly Report[]): Earlier {
  const kind = (runtime: string): string => runtime.split(' ')[0] ?? '';
  const found = reports.find(
    (other) => kind(other.runtime) === kind(report.runtime) && other.device === report.device,
  );
  return new Map(found?.results.map((result) => [keyOf(result), result]));
}

/**
 * The improvement factor over an earlier figure: above 1 is faster, or smaller if less is better. Undefined if unknown.
 */
export function improvement(result: Result, earlier: Earlier): number | undefined {
  const before = earlier.get(keyOf(result));
  if (before?.unit !== result.unit) return undefined;
  const lessIsBetter = result.unit === 's' || result.unit === 'bytes' || result.unit === 'count';
  const ratio = lessIsBetter ? before.median / result.median : result.median / before.median;
  return Number.isFinite(ratio) ? ratio : undefined;
}
