import type { DeviceFeatures } from '../../src/gpu/features';
import type { Summary } from './statistics';

/** Parts of the bench, in the order in which they run and are printed. */
export const GROUPS = [
  'limits',
  'products',
  'ops',
  'memory',
  'steps',
  'decoding',
  'opening',
  'peers',
] as const;
export type Group = (typeof GROUPS)[number];

/** 'ratio' is a number without a unit; 'bytes' and 'count' are not timed. */
export type Unit = 'FLOP/s' | 'B/s' | 'tokens/s' | 's' | 'bytes' | 'count' | 'ratio';

/** A limit of the device that figures are compared with. */
export type Limit = 'fma' | 'bandwidth';

/** One figure. Group, model, tokens and name identify it; they are the same in every run. */
export interface Result extends Summary {
  readonly group: Group;
  readonly name: string;
  readonly model?: string;
  readonly tokens?: number;
  readonly unit: Unit;
  /** Share of the limit in `bound`, which was measured between the samples of this figure: 1 is the device's peak. */
  readonly fraction?: number;
  readonly bound?: Limit;
  readonly note?: string;
}

/** The engine's own name among the peers. */
export const OWN_NAME = 'Tunesmith';

/** The name of a step's time that is the sum of its parts', because whole steps take too long. */
export const BY_PARTS = 'seconds by its parts';

/** The environment of the measurements. */
export interface Environment {
  /** 'Node 20.20.0, Dawn' or a browser with its version. */
  readonly runtime: string;
  readonly device: string;
  readonly kind: 'gpu' | 'software';
  readonly features: DeviceFeatures;
}

/** The results of one runtime. */
export interface Report extends Environment {
  readonly date: string;
  /** Version of this program: that of package.json and the commit, if known. */
  readonly version: string;
  readonly results: readonly Result[];
  /** Omitted measurements with the reasons. */
  readonly omitted: readonly string[];
}

/** The file that the bench writes. */
export interface BenchFile {
  readonly format: 'tunesmith-bench-1';
  readonly reports: readonly Report[];
}

/** The key of a figure, for comparing runs. */
export function keyOf({ group, model = '', tokens, name }: Result): string {
  return [group, model, tokens ?? '', name].join(' / ');
}

export function find(
  results: readonly Result[],
  group: Group,
  name: string,
  where: { readonly model?: string; readonly tokens?: number } = {},
): Result | undefined {
  return results.find(
    (result) =>
      result.group === group &&
      result.name === name &&
      (where.model === undefined || result.model === where.model) &&
      (where.tokens === undefined || result.tokens === where.tokens),
  );
}
