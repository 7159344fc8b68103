import { TunesmithError } from '../../core/errors';
import { message } from '../../core/messages/message';
import { encodeOnnx } from '../../formats/onnx/model';
import type { ModelLayout } from '../../models/layout';
import type { ExportFile, ExportFormat } from '../format';
import { dataFiles } from './data_files';
import { decoderGraph } from './decoder_graph';
import { onnxSmallFiles } from './folder';
import { QUANTIZATIONS, type Quantization } from './quantizations';
import { graphWeights } from './weights';

const DEFAULT = 'q4';

/** Base and adapter as an ONNX model for transformers.js, ONNX Runtime and onnxruntime-genai. */
export const onnxExport: ExportFormat = {
  name: 'onnx',
  help: message('export_onnx'),
  options: [
    {
      name: 'quantization',
      value: 'NAME',
      help: message('export_onnx_quantization'),
      choices: QUANTIZATIONS.map(({ name }) => name),
      default: DEFAULT,
    },
  ],
  fileName: (base) => `${base}-onnx`,
  plan(source, { quantization: chosen = DEFAULT }) {
    const quantization = quantizationOf(chosen);
    const beside = quantization.besideAdapter ?? false;
    if (beside && !hasNF4(source.layout)) throw new TunesmithError({ code: 'export_onnx_not_nf4' });
    const graph = decoderGraph(
      source.layout,
      beside ? source.adapter.layout : undefined,
      graphWeights(source, !beside),
      quantization,
    );
    const model = `model${quantization.suffix}.onnx`;
    const data = dataFiles(model, graph.weights);
    const bytes = encodeOnnx({
      producer: 'tunesmith',
      name: 'decoder',
      nodes: graph.nodes,
      tensors: [...graph.constants, ...data.flatMap(({ tensors }) => tensors)],
      inputs: graph.inputs,
      outputs: [...graph.outputs].sort((a, b) => Number(b.name === 'logits') - Number(a.name === 'logits')),
    });
    const texts = onnxSmallFiles(source, quantization, graph, { model, dataFiles: data.length });
    return Promise.resolve({
      files: [
        ...data.map(({ name, size, parts }) => ({ name: `onnx/${name}`, size, parts })),
        { name: `onnx/${model}`, size: bytes.length, parts: () => [bytes] },
        ...[...texts].map(([name, text]) => textFile(name, text)),
      ],
      check: () => Promise.resolve({ difference: null, allowed: 0 }),
    });
  },
};

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

function textFile(name: string, text: string): ExportFile {
  const bytes = new TextEncoder().encode(text);
  return { name, size: bytes.length, parts: () => [bytes] };
}
