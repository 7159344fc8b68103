import type { DeviceKind } from '../../src/gpu/device';
import { BLOCK, blockName, MATMULS, matmulName } from '../peers/shapes';
import { PYTORCH } from './pytorch';
import { BY_PARTS, find, OWN_NAME, type Report, type Result, type Unit } from './results';

/** A target's figure and its source; or the reason why it is missing. */
type Found = { readonly value: number; readonly where: string } | { readonly missing: string };

type Goals = Readonly<Partial<Record<DeviceKind, number>>>;

interface Target {
  readonly what: string;
  /** The goal for each kind of device; absent if there is none for that kind. */
  readonly goal: Goals | ((report: Report) => Goals);
  readonly better: 'more' | 'less';
  /** 'ratio' is shown as per cent, 'times' as a factor. */
  readonly unit: Unit | 'times';
  readonly figure: (report: Report) => Found;
}

export interface Judgement {
  readonly what: string;
  readonly unit: Target['unit'];
  readonly better: Target['better'];
  readonly goal: number | undefined;
  readonly value: number | undefined;
  readonly reached: boolean | undefined;
  /** The source of the figure, or the reason why it is missing. */
  readonly remark: string;
}

const NOT_MEASURED = 'not measured in this run';

const placeOf = ({ name, model, tokens }: Result): string =>
  [model === 'any' ? undefined : model, tokens === undefined ? undefined : `${tokens} rows`, name]
    .filter((part) => part !== undefined)
    .join(', ');

/** The worst figure: a target is reached only if all figures reach it. */
function worst(figures: readonly { readonly value: number; readonly where: string }[]): Found {
  const known = figures.filter(({ value }) => Number.isFinite(value));
  const [first, ...rest] = known;
  if (!first) return { missing: NOT_MEASURED };
  const least = rest.reduce((lowest, figure) => (figure.value < lowest.value ? figure : lowest), first);
  return {
    value: least.value,
    where: known.length > 1 ? `lowest of ${known.length}: ${least.where}` : least.where,
  };
}

const PLAIN = / f32( transposed)?$/;

function productFractions({ results }: Report, cube: boolean): Found {
  const products = results.filter(
    ({ group, model, name }) => group === 'products' && PLAIN.test(name) && (model === 'any') === cube,
  );
  return worst(products.map((result) => ({ value: result.fraction ?? NaN, where: placeOf(result) })));
}

/** Both products of a shape, with at least the target's number of rows. */
function packedOverDense({ results }: Report): Found {
  const ratios = results
    .filter(({ group, name, tokens = 0 }) => group === 'products' && PLAIN.test(name) && tokens >= 256)
    .map((dense) => {
      const { model, tokens, median } = dense;
      const packed = find(results, 'products', dense.name.replace(' f32', ' nf4'), { model, tokens });
      return { value: (packed?.median ?? NaN) / median, where: placeOf(packed ?? dense) };
    });
  return worst(ratios);
}

function overPeer(report: Report, peer: RegExp, names: readonly string[]): Found {
  const own = report.results.filter(
    ({ group, model, name }) => group === 'peers' && model === OWN_NAME && names.includes(name),
  );
  if (own.length === 0) return { missing: NOT_MEASURED };
  const ratios = own.map(({ name, median }) => {
    const theirs = report.results.find(
      (result) => result.group === 'peers' && result.name === name && peer.test(result.model ?? ''),
    );
    return { value: (theirs?.median ?? NaN) / median, where: name };
  });
  return worst(ratios);
}

/** Every step that was also measured with PyTorch, with or without recomputation. */
function overPyTorch({ results }: Report): Found {
  const theirs = results.filter(
    ({ group, model = '' }) => group === 'peers' && model.startsWith(`${PYTORCH}bf16`),
  );
  if (theirs.length === 0) return { missing: 'needs a CUDA machine with PyTorch; see bench/README.md' };
  const ratios = theirs.map(({ name, model = '', median }) => {
    const own = find(results, 'peers', name, { model: OWN_NAME });
    return { value: median / (own?.median ?? NaN), where: `${name}, beside ${model}` };
  });
  return worst(ratios);
}

/** The largest step: in smaller ones, the ops between the products take a larger share. */
function largestStep({ results }: Report): Found {
  const ratios = results.filter(({ group, name }) => group === 'steps' && name === 'step over products');
  const flops = ({ model, tokens }: Result): number => {
    const where = { model, tokens };
    const rate = find(results, 'steps', 'FLOP/s', where)?.median ?? 0;
    return rate * (find(results, 'steps', 'seconds', where)?.median ?? 0);
  };
  const [largest] = ratios.toSorted((a, b) => flops(b) - flops(a));
  if (!largest) return { missing: NOT_MEASURED };
  const note = largest.note === undefined ? '' : ` (${largest.note})`;
  return { value: largest.median, where: `${largest.model ?? ''}, ${largest.tokens ?? 0} tokens${note}` };
}

function decodingFraction({ results }: Report): Found {
  const figures = results.filter(({ group }) => group === 'decoding');
  return worst(figures.map((result) => ({ value: result.fraction ?? NaN, where: result.model ?? '' })));
}

function matrixOverFma(report: Report): Found {
  if (!report.features.matrix) return { missing: 'this adapter offers no subgroup matrices' };
  const products = report.results.filter(({ group, tokens = 0 }) => group === 'products' && tokens >= 256);
  const best = products.toSorted((a, b) => (b.fraction ?? 0) - (a.fraction ?? 0))[0];
  return best ? { value: best.fraction ?? NaN, where: `best: ${placeOf(best)}` } : { missing: NOT_MEASURED };
}

function stepMemory({ results }: Report): Found {
  const where = { model: 'Qwen2.5-0.5B', tokens: 1024 };
  const planned = find(results, 'memory', 'planned', where);
  const allocated = find(results, 'steps', 'memory', where);
  if (allocated) return { value: allocated.median, where: 'as allocated' };
  return planned
    ? { value: planned.median, where: 'by the plan, which allocations are checked against' }
    : { missing: NOT_MEASURED };
}

/** Growth of the time of the model whose memory is also a target. */
function growth({ results }: Report): Found {
  const model = 'Qwen2.5-0.5B';
  const ratio = (name: string): number => {
    const at = (tokens: number): number => find(results, 'steps', name, { model, tokens })?.median ?? NaN;
    return at(4096) / at(1024);
  };
  const whole = ratio('seconds');
  if (!Number.isNaN(whole)) return { value: whole, where: `a step of ${model}` };
  const parts = ratio(BY_PARTS);
  if (Number.isNaN(parts)) return { missing: NOT_MEASURED };
  return { value: parts, where: `a step of ${model}, put together from one block’s time and the head’s` };
}

function opening({ results }: Report): Found {
  const [first] = results.filter(({ group }) => group === 'opening');
  return first
    ? { value: first.median, where: `${first.model ?? ''}, ${first.tokens ?? 0} tokens` }
    : { missing: NOT_MEASURED };
}

const matmuls = MATMULS.map(matmulName);
const block = [blockName(BLOCK)];

export const TARGETS: readonly Target[] = [
  {
    ...{ what: 'f32 product 512³, over measured FMA', unit: 'ratio', better: 'more' },
    goal: { software: 0.4, gpu: 0.6 },
    figure: (report) => productFractions(report, true),
  },
  {
    ...{ what: 'f32 product at the models’ sizes, over measured FMA', unit: 'ratio', better: 'more' },
    goal: { software: 0.4, gpu: 0.6 },
    figure: (report) => productFractions(report, false),
  },
  {
    ...{ what: 'NF4 product over the dense one, ≥ 256 rows', unit: 'ratio', better: 'more' },
    goal: { software: 0.85, gpu: 0.9 },
    figure: packedOverDense,
  },
  {
    ...{ what: 'matrix product over jax-js', unit: 'times', better: 'more' },
    goal: { software: 2.5, gpu: 1.5 },
    figure: (report) => overPeer(report, /^jax-js/i, matmuls),
  },
  {
    ...{ what: 'matrix product over TensorFlow.js', unit: 'times', better: 'more' },
    goal: { software: 8, gpu: 4 },
    figure: (report) => overPeer(report, /^tensorflow/i, matmuls),
  },
  {
    ...{ what: 'one block’s LoRA forward + backward over jax-js', unit: 'times', better: 'more' },
    goal: { software: 3, gpu: 3 },
    figure: (report) => overPeer(report, /^jax-js/i, block),
  },
  {
    ...{ what: 'one block’s LoRA forward + backward over TensorFlow.js', unit: 'times', better: 'more' },
    goal: { software: 8, gpu: 8 },
    figure: (report) => overPeer(report, /^tensorflow/i, block),
  },
  {
    ...{ what: 'whole step’s FLOP/s over its products’ FLOP/s', unit: 'ratio', better: 'more' },
    goal: { software: 0.75, gpu: 0.75 },
    figure: largestStep,
  },
  {
    ...{ what: 'decoding over the bandwidth limit', unit: 'ratio', better: 'more' },
    goal: { gpu: 0.6 },
    figure: decodingFraction,
  },
  {
    ...{ what: 'subgroup-matrix product over the f32 FMA limit', unit: 'times', better: 'more' },
    goal: { gpu: 2 },
    figure: matrixOverFma,
  },
  {
    ...{ what: 'whole step against PyTorch + PEFT (bf16) on the same GPU', unit: 'times', better: 'more' },
    goal: ({ features }) => ({ gpu: features.matrix ? 0.5 : 0.15 }),
    figure: overPyTorch,
  },
  {
    ...{ what: 'step memory, Qwen2.5-0.5B NF4, rank 16, 1 × 1,024 tokens', unit: 'bytes', better: 'less' },
    goal: { software: 1.3e9, gpu: 1.3e9 },
    figure: stepMemory,
  },
  {
    ...{ what: 'time from 1,024 to 4,096 tokens a row', unit: 'times', better: 'less' },
    goal: { software: 5, gpu: 5 },
    figure: growth,
  },
  {
    ...{ what: 'first step after opening, base cached', unit: 's', better: 'less' },
    goal: { software: 15, gpu: 3 },
    figure: opening,
  },
];

/** Compares every target with its figure. */
export function judge(report: Report, targets: readonly Target[] = TARGETS): Judgement[] {
  return targets.map(({ what, unit, better, goal: goals, figure }) => {
    const goal = (typeof goals === 'function' ? goals(report) : goals)[report.kind];
    const found = figure(report);
    const value = 'value' in found && Number.isFinite(found.value) ? found.value : undefined;
    const asked = goal === undefined || value === undefined;
    const reached = asked ? undefined : better === 'more' ? value >= goal : value <= goal;
    const remark = 'missing' in found ? found.missing : value === undefined ? NOT_MEASURED : found.where;
    return { what, unit, better, goal, value, reached, remark };
  });
}
