import { TunesmithError } from '../../core/errors';
import { message, type Message } from '../../core/messages/message';
import { encodeOnnx } from '../../formats/onnx/model';
import type { ModelLayout } from '../../models/layout';
import { shortName } from '../card/base_use';
import type { ExportFile, ExportFormat, ExportSource } from '../format';
import { BASE_OPTION, chosenBase } from '../merged/base_option';
import { textFile } from '../text_file';
import { checkOnnx, type CheckedGraph } from './check';
import { dataFiles } from './data_files';
import { decoderGraph } from './decoder_graph';
import { onnxSmallFiles } from './folder';
import type { OnnxGraph } from './graph';
import { QUANTIZATIONS, type Quantization } from './quantizations';
import { onnxUses } from './uses';
import { graphPositions, graphWeights } from './weights';

const DEFAULT = 'q4';

/** Base and adapter as an ONNX model for transformers.js, ONNX Runtime and onnxruntime-genai. */
export const onnxExport: ExportFormat = {
  name: 'onnx',
  help: message('export_onnx'),
  options: [
    BASE_OPTION,
    {
      name: 'quantization',
      value: 'NAME',
      label: message('export_onnx_precision'),
      help: message('export_onnx_quantization'),
      choices: QUANTIZATIONS.map(({ name }) => name),
      meanings: Object.fromEntries(QUANTIZATIONS.map(({ name, label, help }) => [name, { label, help }])),
      default: DEFAULT,
    },
  ],
  fileName: (base) => `${base}-onnx`,
  plan(source, options) {
    const quantization = quantizationOf(options['quantization'] ?? DEFAULT);
    const { besideAdapter = false } = quantization;
    if (besideAdapter && !hasNF4(source.layout)) throw new TunesmithError({ code: 'export_onnx_not_nf4' });
    // Before the original weights are asked for: no files of them would help.
    if (besideAdapter && options[BASE_OPTION.name] === 'original') {
      throw new TunesmithError({ code: 'export_onnx_trained' });
    }
    const { kind, modules } = source.adapter.layout;
    if (besideAdapter && !modules.every(({ tensors }) => tensors.some(({ part }) => part === 'lora_A'))) {
      const values = { kind: kind.title, format: quantization.name };
      throw new TunesmithError({ code: 'export_not_low_rank', values });
    }
    const base = chosenBase(source, options);
    const graph = decoderGraph(
      source.layout,
      besideAdapter ? source.adapter.layout : undefined,
      graphWeights(source, !besideAdapter, base.weights),
      quantization,
    );
    const model = onnxModel(graph, quantization);
    const uses = onnxUses(onnxExport.fileName(shortName(source.baseModel)), quantization.name);
    const texts = onnxSmallFiles(
      source,
      quantization,
      { ...model, graph, isOriginal: base.isOriginal },
      uses,
    );
    return Promise.resolve({
      uses,
      ...base.told,
      notes: [...notesOn(source), ...(base.told.notes ?? [])],
      within: base.within,
      files: [...model.files, ...[...texts].map(([name, text]) => textFile(name, text))],
      check: (written, told) => {
        const other = base.original();
        const checked = { ...model, graph, quantization, ...(other && { base: other }) };
        return checkOnnx(source, checked, written, told);
      },
    });
  },
};

/** The files of a graph, and where its weights are in them. */
export function onnxModel(
  graph: OnnxGraph,
  { suffix }: Pick<Quantization, 'suffix'>,
): Pick<CheckedGraph, 'data' | 'path'> & { readonly files: readonly ExportFile[]; readonly name: string } {
  const name = `model${suffix}.onnx`;
  const data = dataFiles(name, graph.weights);
  const bytes = encodeOnnx({
    producer: 'tunesmith',
    name: 'decoder',
    nodes: graph.nodes,
    tensors: [...graph.constants, ...data.flatMap(({ tensors }) => tensors)],
    inputs: graph.inputs,
    outputs: [...graph.outputs].sort((a, b) => Number(b.name === 'logits') - Number(a.name === 'logits')),
  });
  const path = `onnx/${name}`;
  const files = [
    ...data.map((file) => ({ name: `onnx/${file.name}`, size: file.size, parts: file.parts })),
    { name: path, size: bytes.length, parts: () => [bytes] },
  ];
  return { name, data, path, files };
}

function notesOn(source: ExportSource): readonly Message[] {
  const { towers, maxPositions } = source.layout.spec;
  const positions = graphPositions(source);
  return [
    ...(towers ? [message('onnx_text_only')] : []),
    ...(positions < maxPositions ? [message('onnx_positions', { positions })] : []),
  ];
}

function hasNF4({ tensors }: ModelLayout): boolean {
  return [...tensors.values()].some((tensor) => tensor.kind === 'packed' && tensor.packing.format === 'nf4');
}

/** Throws `export_option`. */
function quantizationOf(name: string): Quantization {
  const found = QUANTIZATIONS.find((each) => each.name === name);
  if (found) return found;
  const choices = QUANTIZATIONS.map((each) => each.name);
  throw new TunesmithError({
    code: 'export_option',
    values: { option: 'quantization', choices, given: name },
  });
}
