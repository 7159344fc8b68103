import type { DeviceKind } from '../../src/gpu/device';
import type { Rounds } from './measure';
import { MODELS, type ModelName } from './models';
import { GROUPS, type Group } from './results';
import type { StepRequest } from './steps';

/** Restrictions of a run of the bench. */
export interface Filters {
  readonly only?: readonly Group[];
  readonly without?: readonly Group[];
  readonly models?: readonly ModelName[];
  readonly tokens?: readonly number[];
  readonly rounds?: number;
  /** On software adapters, measure only figures that differ between runtimes; another runtime measures the rest. */
  readonly brief?: boolean;
}

/** The measurements of a run. */
export interface Selection {
  readonly groups: readonly Group[];
  readonly rounds: Rounds;
  /** Many samples: a kernel's run is short, so each costs little, and the suite compares kernels with one another. */
  readonly products: {
    readonly models: readonly ModelName[];
    readonly rows: readonly number[];
    readonly rounds: Rounds;
  };
  readonly ops: readonly { readonly model: ModelName; readonly tokens: number }[];
  /** Ops of more floating-point operations than this are left out. */
  readonly mostFlops: number;
  readonly steps: readonly StepRequest[];
  /** The parts of a step at two lengths, if whole steps take too long. */
  readonly growth: { readonly model: ModelName; readonly tokens: readonly number[] } | undefined;
  readonly decoding: readonly { readonly model: ModelName; readonly past: number; readonly tokens: number }[];
  readonly opening: { readonly model: ModelName; readonly tokens: number };
}

export const LENGTHS = [128, 512, 1024, 2048, 4096] as const;
const BRIEF = ['limits', 'products', 'opening', 'peers'] as const;
const ROWS = { gpu: [256, 2048], software: [256] } as const;

/** The measurements that suit a device, within the restrictions. */
export function selectionFor(kind: DeviceKind, filters: Filters): Selection {
  const brief = filters.brief === true && kind === 'software';
  const chosen: readonly Group[] = filters.only ?? (brief ? BRIEF : GROUPS);
  const groups = chosen.filter((group) => !filters.without?.includes(group));
  const among = (models: readonly ModelName[]): readonly ModelName[] => filters.models ?? models;
  const lengths = (own: readonly number[]): readonly number[] => filters.tokens ?? own;
  const productRounds = { rounds: filters.rounds ?? 21, seconds: 30 };
  const each = (models: readonly ModelName[], own: readonly number[]) =>
    among(models).flatMap((model) => lengths(own).map((tokens) => ({ model, tokens })));
  if (kind === 'gpu') {
    return {
      groups,
      rounds: { rounds: filters.rounds ?? 7, seconds: 30 },
      products: { models: among(MODELS), rows: lengths(ROWS.gpu), rounds: productRounds },
      ops: each(MODELS, [128, 1024, 4096]),
      mostFlops: Infinity,
      steps: each(MODELS, LENGTHS),
      growth: undefined,
      decoding: among(MODELS).map((model) => ({ model, past: 512, tokens: 32 })),
      opening: { model: 'Qwen2.5-0.5B', tokens: 512 },
    };
  }
  return {
    groups,
    rounds: { rounds: filters.rounds ?? 3, seconds: 30 },
    products: { models: among(['SmolLM2-135M']), rows: lengths(ROWS.software), rounds: productRounds },
    ops: [
      ...each(filters.models ? [] : ['demo'], [128, 512]),
      ...each(filters.models ?? ['SmolLM2-135M'], [128]),
    ].filter(unique),
    mostFlops: 4e9,
    steps: [
      ...each(['demo'], [128, 512]),
      // Two of its thirty blocks: a whole step takes a minute on two cores.
      ...(filters.models ? [] : [{ model: 'SmolLM2-135M', tokens: 128, layers: 2 } as const]),
    ],
    growth: filters.models || filters.tokens ? undefined : { model: 'Qwen2.5-0.5B', tokens: [1024, 4096] },
    decoding: among(['demo', 'SmolLM2-135M']).map((model) => ({ model, past: 128, tokens: 4 })),
    opening: { model: 'demo', tokens: 256 },
  };
}

function unique<T>(value: T, index: number, all: readonly T[]): boolean {
  return all.findIndex((other) => JSON.stringify(other) === JSON.stringify(value)) === index;
}
