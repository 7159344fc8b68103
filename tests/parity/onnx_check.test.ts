import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openFolder } from '../../src/cli/files';
import { memoryFile } from '../../src/core/file_reader';
import { message } from '../../src/core/messages/message';
import { elementCount } from '../../src/core/shape';
import { smallFiles } from '../../src/exports/card/small_files';
import { RowEncoder } from '../../src/exports/encoding/row_encoder';
import { checkColumns } from '../../src/exports/check/columns';
import type { CheckOptions, ExportCheck, ExportSource } from '../../src/exports/format';
import { checkOnnx } from '../../src/exports/onnx/check';
import { decoderGraph } from '../../src/exports/onnx/decoder_graph';
import { onnxExport, onnxModel } from '../../src/exports/onnx/onnx';
import { bytesOfWeight } from '../../src/exports/onnx/pieces/pieces';
import { QUANTIZATIONS } from '../../src/exports/onnx/quantizations';
import { graphWeights } from '../../src/exports/onnx/weights';
import { runExport } from '../../src/exports/run';
import { memoryTarget } from '../../src/exports/targets/memory_target';
import type { OnnxNode } from '../../src/formats/onnx/model';
import { Device } from '../../src/gpu/device';
import type { FileReader } from '../../src/models/folder';
import { openOnnx } from '../../src/onnx_runtime/open';
import { exportSource } from '../../src/session/exports/exporting';
import { loadableFolder } from '../../src/session/models/loadable';
import { Session } from '../../src/session/session';
import { gpu } from './dawn';
import { loadFixture, maxError, type Variant } from './fixtures';
import { loadSettingsOf } from './load_fixture';

/** The check of an ONNX export refuses wrong graphs, and computes the logits of large models too. */

let device: Device;
beforeAll(async () => {
  device = await Device.open(gpu);
});
afterAll(() => device.destroy());

/** Opens base and adapter once for the tests of a group. */
function useSource(name: Parameters<typeof loadFixture>[0], variant: Variant): Opened {
  let session: Session | undefined;
  let source: ExportSource | undefined;
  beforeAll(async () => {
    const { folder, adapterFolder } = loadFixture(name);
    session = new Session({ openDevice: () => Promise.resolve(device) });
    const identity = { name: 'tiny', source: 'files' as const };
    await session.open(
      await loadableFolder(await openFolder(folder, 'model'), identity, loadSettingsOf(variant)),
    );
    await session.importAdapter(await openFolder(adapterFolder, 'adapter'));
    source = await exportSource(session, 'en', new RowEncoder());
  });
  afterAll(() => session?.closeModel());
  return { source: () => source!, session: () => session! };
}

interface Opened {
  readonly source: () => ExportSource;
  readonly session: () => Session;
}

interface Change {
  /** The source of the graph, if another than that of the check. */
  readonly from?: ExportSource;
  readonly nodes?: (node: OnnxNode) => OnnxNode;
  readonly files?: (files: Map<string, FileReader>, places: ReadonlyMap<string, Place>) => Promise<void>;
  /** As a model that is too large for the runtime: its largest weight is in several pieces. */
  readonly isLarge?: true;
}

interface Place {
  readonly location: string;
  readonly offset: number;
}

async function checked(
  source: ExportSource,
  name: string,
  change: Change = {},
  options: CheckOptions = {},
): Promise<ExportCheck> {
  const quantization = QUANTIZATIONS.find((each) => each.name === name)!;
  const { from = source, nodes, files, isLarge } = change;
  const { besideAdapter = false } = quantization;
  const adapter = besideAdapter ? source.adapter.layout : undefined;
  const graph = decoderGraph(from.layout, adapter, graphWeights(from, !besideAdapter), quantization);
  if (nodes) graph.nodes.splice(0, Infinity, ...graph.nodes.map(nodes));
  const model = onnxModel(graph, quantization);
  const target = memoryTarget();
  const texts = Array.from(smallFiles(source.facts, 'float32'), ([file, text]) => {
    const bytes = new TextEncoder().encode(text);
    return { name: file, size: bytes.length, parts: () => [bytes] };
  });
  await target.write([...model.files, ...texts]);
  const written = new Map(await target.written());
  const tensors = model.data.flatMap((file) => file.tensors);
  await files?.(written, new Map(tensors.map(({ name: tensor, data }) => [tensor, data])));
  const largest = Math.max(...graph.weights.map(bytesOfWeight));
  // Exact products of 8-bit weights take nine times as much.
  const limits = isLarge && { whole: 0, piece: (largest / 2.5) * (name === 'q8' ? 9 : 1) };
  return checkOnnx(source, { ...model, graph, quantization }, written, options, limits);
}

const differs = { code: 'export_differs' };

/** The source's adapter with its B times a factor. */
function withB(source: ExportSource, factor: number): ExportSource['adapter'] {
  const { layout, parameters, frozen } = source.adapter;
  const changed = parameters.slice();
  for (const { part, offset, padded } of layout.modules.flatMap(({ tensors }) => tensors)) {
    if (part !== 'lora_B') continue;
    const end = offset + elementCount(padded);
    for (let i = offset; i < end; i++) changed[i]! *= factor;
  }
  return { layout, parameters: changed, frozen };
}

/** A merge of a small change must be right even if the rounding of weights hides it. */
async function expectSmallMerge(session: Session, source: ExportSource): Promise<void> {
  const tuned = session.requireTuned();
  const small = withB(source, 1e-3);
  session.setTuned({ ...tuned, ...small });
  try {
    const merged = { ...source, adapter: small };
    await checkColumns(merged);
    const other = { ...source, adapter: withB(merged, 0.98) };
    await expect(checkColumns(other)).rejects.toMatchObject(differs);
  } finally {
    session.setTuned(tuned);
  }
}

const swapped = (node: OnnxNode): OnnxNode => ({
  ...node,
  inputs: node.inputs.map((input) =>
    input.replace(/(gate|up)_proj/, (found) => (found === 'gate_proj' ? 'up_proj' : 'gate_proj')),
  ),
});
const withoutBias = (node: OnnxNode): OnnxNode =>
  node.inputs[1]?.endsWith('q_proj.bias')
    ? { ...node, type: 'Identity', inputs: node.inputs.slice(0, 1) }
    : node;
const withoutRotation = (node: OnnxNode): OnnxNode =>
  'do_rotary' in node.attributes
    ? { ...node, attributes: { ...node.attributes, do_rotary: { int: 0 } } }
    : node;

describe('of a float32 base', () => {
  const { source, session } = useSource('qwen2', 'f32');

  const otherTheta = (): ExportSource => {
    const { layout } = source();
    const rotary = layout.spec.rotary.map((each) => ({ ...each, theta: 4 * each.theta }));
    return { ...source(), layout: { ...layout, spec: { ...layout.spec, rotary } } };
  };

  describe.each(['q8', 'q4f16'])('%s is refused', (name) => {
    test.each([
      ['with gate and up in each other’s place', () => ({ nodes: swapped })],
      ['without a bias', () => ({ nodes: withoutBias })],
      ['with another theta', () => ({ from: otherTheta() })],
    ])('%s', async (_, change) => {
      await expect(checked(source(), name, change())).rejects.toMatchObject(differs);
    });
  });

  /**
   * Steps of s round normally distributed weights by s / √12. The root mean square of the range of 32 of them is 4.2 of
   * theirs, which `q4` divides into 15 steps; symmetric ones of an eighth of the largest would give 8.6 %. The largest of 128
   * is at most 4 times their root mean square, but for one in 16,000.
   */
  test.each([
    ['q4', 4.2 / 15 / Math.sqrt(12)],
    ['q4f16', 4.2 / 15 / Math.sqrt(12)],
    ['q8', 4 / 127 / Math.sqrt(12)],
    ['fp16', 2 ** -11],
  ])('%s rounds weights no more than its form explains', async (name, limit) => {
    const { weightError, difference, allowed, share } = await checked(source(), name);
    expect(weightError).toBeLessThanOrEqual(limit);
    expect(difference).toBeLessThanOrEqual(allowed);
    expect(share).toBeCloseTo(1, 1);
  });

  test.each(['q4', 'q8'])('%s has the same logits piece by piece', async (name) => {
    const { difference, sameTokens } = await checked(source(), name);
    const pieces = await checked(source(), name, { isLarge: true });
    const rounding = await checked(source(), 'fp32');
    expect(difference).toBeGreaterThan(0);
    expect(Math.abs(pieces.difference! - difference!)).toBeLessThanOrEqual(rounding.allowed);
    expect(pieces.sameTokens).toEqual(sameTokens);
  });

  test('finds a change of 2 % in an adapter that changes weights by less than their rounding', async () => {
    await expectSmallMerge(session(), source());
  });

  test('has no more positions in config.json than the graph', async () => {
    const { layout, facts } = source();
    const config = JSON.stringify({ ...(facts.config as object), max_position_embeddings: 200_000 });
    const spec = { ...layout.spec, maxPositions: 200_000 };
    const { files, notes } = await onnxExport.plan(
      {
        ...source(),
        layout: { ...layout, spec },
        facts: { ...facts, texts: { ...facts.texts, 'config.json': config } },
      },
      {},
    );
    expect(notes).toEqual([message('onnx_positions', { positions: 131_072 })]);
    let text = '';
    for await (const part of files.at(-1)!.parts()) text += new TextDecoder().decode(part);
    expect(JSON.parse(text)).toMatchObject({ max_position_embeddings: 131_072 });
  });

  test.each(['q4', 'q8'])('%s is refused piece by piece too', async (name) => {
    const change: Change = { nodes: withoutRotation, isLarge: true };
    await expect(checked(source(), name, change)).rejects.toMatchObject(differs);
  });
});

describe('DoRA beside a base in NF4', () => {
  const { source, session } = useSource('dora/qwen2', 'nf4');

  test('finds a change of 2 % in an adapter that changes weights by less than their rounding', async () => {
    await expectSmallMerge(session(), source());
  });

  test('is refused with the adapter at another scale', async () => {
    const nodes = (node: OnnxNode): OnnxNode =>
      'alpha' in node.attributes ? { ...node, attributes: { transB: { int: 1 } } } : node;
    await expect(checked(source(), 'bnb4', { nodes })).rejects.toMatchObject(differs);
  });

  test('is kept piece by piece', async () => {
    const progress: number[] = [];
    const onProgress = (fraction: number) => void progress.push(fraction);
    const result = await checked(source(), 'bnb4', { isLarge: true }, { onProgress });
    const { difference, allowed, sameTokens, checked: told } = result;
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    // Of the adapter, and of the pieces of the graph.
    expect(progress.filter((fraction) => fraction > 0 && fraction < 0.2).length).toBeGreaterThan(0);
    expect(progress.filter((fraction) => fraction > 0.7).length).toBeGreaterThan(2);
    expect(told[0]).toEqual(message('checked_beside'));
    expect(difference).toBeLessThanOrEqual(allowed);
    expect(sameTokens).toEqual({ count: 16, of: 16 });
  });

  test('is read no further if the check is stopped', async () => {
    const stop = new AbortController();
    const options = { signal: stop.signal, onProgress: () => stop.abort() };
    await expect(checked(source(), 'bnb4', {}, options)).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('is merged onto the original weights, except in bnb4', async () => {
    const options = { export_base: 'original', quantization: 'fp32' };
    const plan = await onnxExport.plan(source(), options);
    const target = memoryTarget();
    const { measured } = await plan.within!(() => runExport(plan, target), { onProgress: () => undefined });
    // NF4 rounds normally distributed weights by about 9 %.
    expect(measured!.base).toBeGreaterThan(0.05);
    expect(measured!.base).toBeLessThan(0.15);
    const decoder = await openOnnx(await target.written(), { device: 'wasm' });
    const fixture = loadFixture('dora/qwen2');
    const logits = await decoder.logits(fixture.expected.batch[0]!.input_ids);
    await decoder.close();
    const exact = fixture.exact('f32', 'logits').subarray(0, logits.length);
    expect(maxError(logits, exact)).toBeLessThanOrEqual(fixture.tolerance('f32', 'logits'));
    // They are not asked for first: no files of them would help.
    const without = { ...source(), originals: undefined };
    const beside = async () => onnxExport.plan(without, { ...options, quantization: 'bnb4' });
    await expect(beside()).rejects.toMatchObject({ code: 'export_onnx_trained' });
  });

  test.each(['lora_B', 'lora_magnitude_vector.factors'])(
    'is refused with another value of %s',
    async (part) => {
      const { path } = source().adapter.layout.modules.at(-1)!;
      const changing = checked(source(), 'bnb4', {
        async files(files, places) {
          const { location, offset } = places.get(`${path}.${part}`)!;
          const name = `onnx/${location}`;
          const bytes = await files.get(name)!.read(0, files.get(name)!.size);
          // The lowest bit of the second byte: 2⁻¹⁵ of the value, or less.
          bytes[offset + 1]! ^= 1;
          files.set(name, memoryFile(name, bytes));
        },
      });
      await expect(changing).rejects.toMatchObject(differs);
    },
  );
});
