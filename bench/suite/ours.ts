import type { LoadSettings } from '../../src/core/settings/settings';
import type { Device } from '../../src/gpu/device';
import { plan } from '../../src/graph/plan';
import { Trace } from '../../src/graph/trace';
import { modelLayout } from '../../src/models/layout';
import { planGeneration } from '../../src/models/generation_graph';
import { linear } from '../../src/ops/linear';
import { f32 } from '../../src/ops/op';
import { measurement, type Peer } from '../peers/peer';
import {
  BLOCK,
  blockName,
  DECODER,
  decodingName,
  forwardName,
  matmulName,
  type MatmulShape,
} from '../peers/shapes';
import { inputContents, randomBatch, weightContents } from './contents';
import type { Filler } from './fill';
import { layoutsOf, LOAD, type ModelName } from './models';
import { OWN_NAME } from './results';
import { stepPart } from './parts';
import { compileFitted, type Programs } from './programs';
import type { RunValues } from '../../src/gpu/run';

/** The model whose block and shapes the peers compute. */
const MODEL: ModelName = 'SmolLM2-135M';
/** Weights as in the peers: neither packed nor rounded. */
const DENSE: LoadSettings = { ...LOAD, load_in_4bit: false, dtype: 'float32' };

/** The engine itself beside its peers: the same computations, timed in the same way, in float32. */
export async function ours(device: Device, filler: Filler, matmuls: readonly MatmulShape[]): Promise<Peer> {
  const { limits } = device;
  const made: Programs[] = [];
  const measured = (name: string, { programs }: Programs, run: Partial<RunValues>) =>
    measurement(
      name,
      async () => await programs[0]?.run(run),
      async () => await device.queue.idle(),
    );
  const keep = <P extends Programs>(programs: P): P => {
    made.push(programs);
    return programs;
  };

  const products = [];
  for (const shape of matmuls) {
    const { rows, inputs, outputs } = shape;
    const trace = new Trace();
    const x = trace.planned('x', f32('rows', inputs));
    const tensor = trace.bound('weight', 'f32', [outputs, inputs]);
    const part = { firstRow: 0, rows: outputs, tensor };
    const weight = {
      kind: 'dense',
      name: 'weight',
      format: 'f32',
      out: outputs,
      in: inputs,
      parts: [part],
    } as const;
    linear(trace, { x, weight });
    const planned = () => plan(trace, trace.nodes, { capacity: rows, limits });
    const compiled = keep(await compileFitted(device, filler, planned, new Map()));
    products.push(measured(matmulName(shape), compiled, { rows }));
  }

  const block = keep(
    await stepPart(device, filler, { model: MODEL, tokens: BLOCK.tokens, load: DENSE, part: 'block' }),
  );

  const { spec } = layoutsOf(MODEL, limits.maxStorageBufferBindingSize, DECODER.blocks);
  const layout = modelLayout(spec, () => 'bf16', DENSE, limits.maxStorageBufferBindingSize);
  const { tokens } = DECODER;
  const generation = { cacheRows: tokens + 1, limits };
  const forward = () =>
    planGeneration(layout, undefined, { ...generation, capacity: tokens, logits: 'last' }).plan;
  const decode = () => planGeneration(layout, undefined, { ...generation, capacity: 1, logits: 'last' }).plan;
  const contentsFor = (rows: number) =>
    new Map([...weightContents(layout), ...inputContents(randomBatch(rows, spec.vocabularySize))]);
  const pass = keep(await compileFitted(device, filler, forward, contentsFor(tokens)));
  const token = keep(await compileFitted(device, filler, decode, contentsFor(1)));
  return {
    name: OWN_NAME,
    version: '',
    measurements: [
      ...products,
      measured(blockName(BLOCK), block, block.run),
      measured(forwardName(DECODER), pass, { rows: tokens, past: 0 }),
      measured(decodingName(DECODER), token, { rows: 1, past: tokens }),
    ],
    notes: [],
    close: () => {
      for (const programs of made) programs.destroy();
      return Promise.resolve();
    },
  };
}
