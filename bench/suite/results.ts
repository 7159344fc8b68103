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

/** One figure. What names it (group, model, tokens, name) is the same from run to run. */
export interface Result extends Summary {
  readonly group: Group;
  readonly name: string;
  readonly model?: string;
  readonly tokens?: number;
  readonly unit: Unit;
  /** Of the limit in `bound`, as measured between the samples of the same figure: 1 is as fast as the device goes. */
  readonly fraction?: number;
  readonly bound?: Limit;
  readonly note?: string;
}

/** How the engine itself is called among its peers. */
export const OWN_NAME = 'Tunesmith';

/** A step's time put together from its parts', where whole steps take too long. */
export const BY_PARTS = 'seconds by its parts';

/** Who measured. */
export interface Environment {
  /** 'Node 20.20.0, Dawn' or a browser with its version. */
  readonly runtime: string;
  readonly device: string;
  readonly kind: 'gpu' | 'software';
  readonly features: DeviceFeatures;
}

/** What one runtime measured. */
export interface Report extends Environment {
  readonly date: string;
  /** Of this program: the version in package.json and the commit, where they are known. */
  readonly version: string;
  readonly results: readonly Result[];
  /** What was left out, and why. */
  readonly omitted: readonly string[];
}

/** The file that the bench writes. */
export interface BenchFile {
  readonly format: 'tunesmith-bench-1';
  readonly reports: readonly Report[];
}

/** What names a figure, for comparing runs. */
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
