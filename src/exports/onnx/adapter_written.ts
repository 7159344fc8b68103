import { floatsOf } from '../../core/dtype';
import { addsPair, pairValues } from '../../models/adapters/lora';
import { partValues, readParameter, type AdapterModule } from '../../models/adapters/layout';
import { readRows, sampledRuns } from '../../models/base_rows';
import { rowRounding } from '../check/rounding';
import type { CheckOptions, ExportSource } from '../format';
import { mergeOf } from '../merged/weights';
import { exportDiffers } from '../run';
import { weightBytes, type OnnxGraph, type StoredWeight } from './graph';
import { factorsName } from './lowerings/magnitude';
import { requirePair } from './pair_nodes';
import type { ReadTensor } from './read_back';

/**
 * Compares an adapter that lies beside the base's weights in written files with the source's: both of its matrices to
 * the bit, their scale and their place in the graph, and DoRA's factors by the rows that the merged weights have.
 *
 * @throws TunesmithError `export_differs` naming the tensor or the module, and the signal's reason
 */
export async function checkAdapter(
  source: ExportSource,
  { nodes, weights }: Pick<OnnxGraph, 'nodes' | 'weights'>,
  read: ReadTensor,
  { onProgress, signal }: CheckOptions = {},
): Promise<void> {
  const { layout, parameters } = source.adapter;
  const stored = new Map(weights.flatMap(({ tensors }) => tensors.map((tensor) => [tensor.name, tensor])));
  const valuesOf = async (name: string): Promise<Float32Array> => {
    const tensor: StoredWeight | undefined = stored.get(name);
    if (tensor?.type !== 'float32') throw exportDiffers({ detail: `The graph has no ${name}.` });
    return floatsOf('F32', await read(tensor, 0, weightBytes(tensor)));
  };
  for (const [done, module] of layout.modules.entries()) {
    signal?.throwIfAborted();
    onProgress?.(done / layout.modules.length);
    requirePair(nodes, module);
    for (const tensor of module.tensors) {
      const name = `${module.path}.${tensor.part}`;
      // DoRA's magnitudes are a part of its factors.
      if (tensor.shape.length !== 2) {
        const factors = await valuesOf(factorsName(name));
        if (!(await scalesRows(source, module, factors))) throw differs(factorsName(name));
        continue;
      }
      const written = readParameter(await valuesOf(name), { ...tensor, offset: 0 });
      const own = readParameter(parameters, tensor);
      // NaN is unlike itself.
      if (!own.every((value, i) => Object.is(value, written[i]))) throw differs(name);
    }
  }
}

/** Whether rows of the base with the pair, times the factors, are those of the merged weights. */
async function scalesRows(
  source: ExportSource,
  module: AdapterModule,
  factors: Float32Array,
): Promise<boolean> {
  const { path, in: input, out, scale } = module;
  const merge = mergeOf(source, path);
  const add = addsPair({ ...pairValues(partValues(module, source.adapter)), scale }, module);
  const allowed = rowRounding(input);
  for (const run of sampledRuns(out)) {
    const { first } = run;
    const rows = await source.withBase((base) => readRows(base, `${path}.weight`, run));
    const merged = rows.slice();
    merge?.(merged, first);
    add(rows, first);
    for (let row = 0; row < run.count; row++) {
      const factor = factors[first + row]!;
      let [difference, size] = [0, 0];
      for (let i = row * input; i < (row + 1) * input; i++) {
        difference += (factor * rows[i]! - merged[i]!) ** 2;
        size += merged[i]! ** 2;
      }
      // Written with "not", so that NaN fails.
      if (!(Math.sqrt(difference) <= allowed * Math.sqrt(size))) return false;
    }
  }
  return true;
}

function differs(name: string): Error {
  return exportDiffers({ detail: `${name} is not the adapter’s.` });
}
