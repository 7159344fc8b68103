import { TunesmithError } from '../../core/errors';
import { message, type Message } from '../../core/messages/message';
import { planGguf, text, u32, type GgufEntry } from '../../formats/gguf_writer';
import { ggufEntries, type GgufDescription } from '../../models/gguf_entries';
import { parameterCount, type ModelSpec } from '../../models/spec';
import { cardOf } from '../card/card_of';
import type { ExportFile, ExportFormat, ExportSource, ExportUse } from '../format';
import { checkMergedModel } from '../check/checkpoint';
import type { EncodableRun } from '../encoding/row_encoder';
import { BASE_OPTION, chosenBase } from '../merged/base_option';
import type { BaseWeights } from '../merged/weights';
import { textFile } from '../text_file';
import { GGUF_FILE_TYPES, type GgufFileType } from './file_types';
import { modelfile } from './modelfile';
import { baseEntries, modelName, sizeLabel } from './names';
import { ggufRows, ggufTensors, type GgufTensorPlan } from './tensors';
import { ggufText, type GgufText } from './tokenizer';

const USUAL = GGUF_FILE_TYPES[0];

/**
 * Base and adapter merged into one GGUF file, with a Modelfile for Ollama. The base is the one that the adapter was
 * trained on. The adapter is added in f32, and the sum is rounded or quantised once, as llama.cpp's own quantiser does it.
 */
export const ggufExport: ExportFormat = {
  name: 'gguf',
  help: message('export_gguf'),
  options: [
    BASE_OPTION,
    {
      name: 'quantization',
      value: 'TYPE',
      label: message('export_gguf_quantization'),
      help: message('export_gguf_quantization_help'),
      choices: GGUF_FILE_TYPES.map(({ name }) => name),
      meanings: Object.fromEntries(GGUF_FILE_TYPES.map(({ name, label, help }) => [name, { label, help }])),
      default: USUAL.name,
    },
  ],
  fileName: (base) => `${base}-gguf`,
  plan(source, options) {
    const { quantization = USUAL.name } = options;
    const base = chosenBase(source, options);
    const fileType = GGUF_FILE_TYPES.find(({ name }) => name === quantization);
    if (!fileType) {
      const choices = GGUF_FILE_TYPES.map(({ name }) => name);
      const values = { option: 'quantization', choices, given: quantization };
      throw new TunesmithError({ code: 'export_option', values });
    }
    const { spec } = source.layout;
    const description = ggufEntries(spec);
    const written = ggufText(source);
    const name = modelName(source.baseModel);
    const file = `${name}-${fileType.name}.gguf`;
    const uses = usesOf(file, name);
    const ollama = modelfile(file, written, source.facts.generationConfig);
    const card = { dtype: fileType.name, withImages: false, library: 'gguf', isOriginal: base.isOriginal };
    const entries = new Map([
      ...generalEntries(source, name, fileType),
      ...description.entries,
      ...written.entries,
    ]);
    const tensors = ggufTensors(spec, fileType, description.ropeFactors);
    return Promise.resolve({
      alone: { name: file, beside: [{ name: 'Modelfile', text: ollama.content }] },
      ...base.told,
      notes: [...notesOn(spec, description, written), ...(base.told.notes ?? []), ...ollama.notes],
      within: base.within,
      uses,
      files: [
        weightsFile(source, file, entries, tensors, base.weights),
        textFile('Modelfile', ollama.content),
        textFile('README.md', cardOf(source, card, uses)),
      ],
      // The first tokens see all tokens before them, as all tokens do in a file that has no window.
      check: (folder, told) =>
        checkMergedModel(source, folder, told, { base: base.original(), tokens: description.window }),
    });
  },
};

function weightsFile(
  source: ExportSource,
  name: string,
  entries: ReadonlyMap<string, GgufEntry>,
  planned: readonly GgufTensorPlan[],
  base: BaseWeights,
): ExportFile {
  const { header, tensors, size } = planGguf(entries, planned);
  return {
    name,
    size,
    async *parts() {
      yield header;
      for await (const [bytes] of source.encoder.encode(tensorRuns(source, tensors, base)))
        if (bytes) yield bytes;
    },
  };
}

/** The rows of all tensors to encode, and the zeros behind each. */
async function* tensorRuns(
  source: ExportSource,
  tensors: readonly (GgufTensorPlan & { readonly padding: number })[],
  base: BaseWeights,
): AsyncGenerator<EncodableRun | Uint8Array<ArrayBuffer>, void, void> {
  for (const tensor of tensors) {
    const { name, type, shape, padding } = tensor;
    const encoding = { encoder: 'ggml', type, rowLength: shape.at(-1) ?? 1 } as const;
    for await (const values of ggufRows(source, tensor, base)) yield { name, encoding, values };
    if (padding > 0) yield new Uint8Array(padding);
  }
}

/** Entries on the file as a whole. */
function generalEntries(
  source: ExportSource,
  name: string,
  fileType: GgufFileType,
): readonly (readonly [string, GgufEntry])[] {
  return [
    ['general.type', text('model')],
    ['general.name', text(name)],
    ['general.size_label', text(sizeLabel(parameterCount(source.layout.spec)))],
    ['general.file_type', u32(fileType.number)],
    ['general.quantization_version', u32(2)],
    ...baseEntries(source),
  ];
}

function notesOn(
  { towers }: ModelSpec,
  { window }: GgufDescription,
  { leftEnds: ends }: GgufText,
): readonly Message[] {
  return [
    ...(towers ? [message('gguf_text_only')] : []),
    ...(window === undefined ? [] : [message('gguf_window', { window })]),
    ...(ends.length === 0 ? [] : [message('gguf_ends_left', { ends })]),
  ];
}

function usesOf(file: string, name: string): readonly ExportUse[] {
  const own = name.toLowerCase();
  return [
    { program: 'Ollama', code: `ollama create ${own} -f Modelfile\nollama run ${own}` },
    { program: 'llama.cpp', code: `llama-cli -m ${file}\nllama-server -m ${file} --port 8080` },
    { program: 'LM Studio', code: `lms import ${file}` },
  ];
}
