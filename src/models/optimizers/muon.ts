import { alignUp } from '../../core/align';

import { adamw as adamwOp } from '../../ops/adamw';
import { muon as muonOp, type MuonMatrices } from '../../ops/muon';
import { tensorTable, type TensorRecord } from '../../ops/tensor_table';
import { adamScalars } from './adamw';
import { f32Moments, wholeRecords } from './flat';
import type { FlatTensor, Optimizer, OptimizerSettings } from './optimizer';
import { rateFunction } from './rates';

const TABLE = 'muon_matrices';
const ADAM_TABLE = 'muon_others';

/** Elements that a step makes orthogonal at a time, unless one matrix has more: they take two copies for a while. */
const AT_ONCE = 2 ** 22;

/**
 * Muon (Jordan et al. 2024), as torch.optim.Muon: orthogonal directions for matrices, with one moment. Vectors, embeddings and the
 * head go to AdamW, as LLaMA-Factory's `use_muon` sends them.
 */
export const muon: Optimizer = {
  name: 'muon',
  plan({ tensors }, settings) {
    const rateOf = rateFunction(tensors, settings);
    const groups = groupsOf(tensors.filter(isMatrix), (tensor) => rateOf(tensor), settings);
    const matrices = groups.flatMap(({ records }) => records);
    const others = wholeRecords(
      tensors.filter((tensor) => !isMatrix(tensor)),
      rateOf,
    );
    const otherCount = others.reduce((sum, { count }) => sum + count, 0);
    const momentum = matrices.reduce((sum, { count }) => sum + alignUp(count, 64), 0);
    return {
      state: [
        ...(momentum > 0 ? [{ name: 'momentum', dtype: 'F32' as const, shape: [momentum] }] : []),
        ...(otherCount > 0 ? f32Moments(otherCount, 2) : []),
      ],
      tables: [
        ...(momentum > 0 ? [{ name: TABLE, words: tensorTable(matrices) }] : []),
        ...(otherCount > 0 ? [{ name: ADAM_TABLE, words: tensorTable(others) }] : []),
      ],
      step(trace, { parameters, gradients, metrics, of }) {
        const flat = { parameters, gradients, metrics };
        for (const group of groups) {
          muonOp(trace, { ...flat, momentum: of('momentum'), table: of(TABLE) }, group);
        }
        if (otherCount > 0) {
          const moments = { moment1: of('moment1'), moment2: of('moment2') };
          adamwOp(trace, { ...flat, ...moments }, { records: others, table: of(ADAM_TABLE) });
        }
      },
      scalars: (values) => adamScalars(settings, values),
    };
  },
};

function isMatrix({ name, shape }: FlatTensor): boolean {
  return shape.length === 2 && !/embed|lm_head/.test(name);
}

/** The matrices by their shape, padding included, as many together as `AT_ONCE` allows. */
function groupsOf(
  tensors: readonly FlatTensor[],
  rateOf: (tensor: FlatTensor) => number,
  settings: OptimizerSettings,
): readonly MuonMatrices[] {
  const byShape = new Map<string, FlatTensor[]>();
  for (const tensor of tensors) {
    const shape = tensor.padded.join('×');
    byShape.set(shape, [...(byShape.get(shape) ?? []), tensor]);
  }
  const groups: (Omit<MuonMatrices, 'records'> & { records: TensorRecord[] })[] = [];
  let first = 0;
  let firstRecord = 0;
  for (const alike of byShape.values()) {
    const [rows = 1, columns = 1] = alike[0]?.padded ?? [];
    const count = rows * columns;
    const most = Math.max(1, Math.floor(AT_ONCE / count));
    for (const [index, tensor] of alike.entries()) {
      if (index % most === 0) groups.push({ rows, columns, records: [], firstRecord });
      const scale = scaleOf(tensor.shape, settings);
      const place = { first, offset: tensor.offset, count, columns, stride: columns };
      groups.at(-1)?.records.push({ ...place, rate: rateOf(tensor), scale });
      first += alignUp(count, 64);
      firstRecord++;
    }
  }
  return groups;
}

/** The factor of a matrix' rate (`adjust_lr_fn` of torch.optim.Muon). */
function scaleOf(
  shape: readonly number[],
  { muon_adjust_lr_fn }: Pick<OptimizerSettings, 'muon_adjust_lr_fn'>,
): number {
  const [rows = 1, columns = 1] = shape;
  return muon_adjust_lr_fn === 'original'
    ? Math.sqrt(Math.max(1, rows / columns))
    : 0.2 * Math.sqrt(Math.max(rows, columns));
}
