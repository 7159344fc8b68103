import { bytesOf } from '../../core/bytes';
import { message } from '../../core/messages/message';
import type { Shape } from '../../core/shape';
import { chatTemplateSource } from '../../data/template';
import { f32, planGguf, text, u32, type GgufEntry } from '../../formats/gguf_writer';
import { plainLora, type PlainLoraModule } from '../../models/adapters/plain_lora';
import { readGgufAdapter } from '../../models/gguf_adapter';
import { ggufEntries } from '../../models/gguf_entries';
import { checkpointTensors, type ModelSpec } from '../../models/spec';
import { interleaved } from '../../models/stored/interleaved_rows';
import { cardOf } from '../card/card_of';
import { TEMPLATE, type SmallFacts } from '../card/small_files';
import { adapterRounding, largestDifference } from '../check/logits';
import { requireAdapter, type ExportFile, type ExportFormat, type ExportUse } from '../format';
import { textFile } from '../text_file';
import { baseEntries, modelName } from './names';

/**
 * Only the adapter, as a GGUF file for llama.cpp, with the chat template beside it. A file has one alpha, and llama.cpp
 * computes (alpha / rank) B A, so each module's own scale is in its B; alpha is the first module's rank, which makes the
 * factor 1 if all ranks are equal.
 */
export const ggufLoraExport: ExportFormat = {
  name: 'gguf-lora',
  help: message('export_gguf_lora'),
  options: [],
  fileName: (base) => `${base}-gguf-lora`,
  plan(source) {
    const { spec } = source.layout;
    requireAdapter(source.adapter, 'GGUF');
    const { entries, window } = ggufEntries(spec);
    const modules = plainLora(source.adapter, 'GGUF');
    const name = modelName(source.baseModel);
    const file = `${name}-lora-F32.gguf`;
    const template = templateText(source.facts);
    const uses = usesOf(file, template !== undefined);
    const alpha = modules[0]?.rank ?? 1;
    const described = new Map<string, GgufEntry>([
      ['general.architecture', entries.get('general.architecture')!],
      ['general.type', text('adapter')],
      ['general.name', text(`${name} LoRA`)],
      ['general.file_type', u32(0)],
      ...baseEntries(source),
      ['adapter.type', text('lora')],
      ['adapter.lora.alpha', f32(alpha)],
    ]);
    return Promise.resolve({
      alone: { name: file, ...(template !== undefined && { beside: [{ name: TEMPLATE, text: template }] }) },
      notes: [
        message('gguf_lora_without_ollama'),
        ...(window === undefined ? [] : [message('gguf_window', { window })]),
      ],
      uses,
      files: [
        weightsFile(file, described, tensorsOf(modules, spec, alpha)),
        ...(template === undefined ? [] : [textFile(TEMPLATE, template)]),
        textFile('README.md', cardOf(source, undefined, uses)),
      ],
      check: async (written, options) => {
        const read = await readGgufAdapter(written.get(file)!, spec);
        const compared = await source.compareAdapters(read, options);
        const logits = compared.ours;
        const allowed = adapterRounding({ logits, spec });
        const difference = largestDifference(compared);
        const checked = [
          difference === 0 ? message('checked_exactly') : message('checked_adapter', { difference }),
        ];
        return { difference, allowed, checked };
      },
    });
  },
};

/** A matrix of the file, made when it is written. */
interface LoraTensor {
  readonly name: string;
  readonly type: 'F32';
  readonly shape: Shape;
  readonly read: () => Float32Array<ArrayBuffer>;
}

/** A and B of each module by the name of the weight that they change. llama.cpp's order of rows applies to B alone. */
function tensorsOf(
  modules: readonly PlainLoraModule[],
  spec: ModelSpec,
  alpha: number,
): readonly LoraTensor[] {
  const weights = new Map(checkpointTensors(spec).map((tensor) => [tensor.name, tensor]));
  return modules.flatMap((module): LoraTensor[] => {
    const { path, in: input, out, rank } = module;
    const weight = weights.get(`${path}.weight`);
    if (weight?.gguf === undefined) throw new Error(`${path} has no name in GGUF files`);
    const { gguf, ggufHeads } = weight;
    const rowsOfB = (): Float32Array<ArrayBuffer> => {
      const B = module.read().B.map((value) => value * (rank / alpha));
      return ggufHeads === undefined ? B : interleaved(B, out / ggufHeads, rank);
    };
    return [
      { name: `${gguf}.lora_a`, type: 'F32', shape: [rank, input], read: () => module.read().A },
      { name: `${gguf}.lora_b`, type: 'F32', shape: [out, rank], read: rowsOfB },
    ];
  });
}

function weightsFile(
  name: string,
  entries: ReadonlyMap<string, GgufEntry>,
  planned: readonly LoraTensor[],
): ExportFile {
  const { header, tensors, size } = planGguf(entries, planned);
  return {
    name,
    size,
    *parts() {
      yield header;
      for (const { read, padding } of tensors) {
        yield bytesOf(read());
        if (padding > 0) yield new Uint8Array(padding);
      }
    },
  };
}

/** llama.cpp takes the template from the base's file, unless it is told another one. */
function usesOf(file: string, hasTemplate: boolean): readonly ExportUse[] {
  const flags = hasTemplate ? ` --jinja --chat-template-file ${TEMPLATE}` : '';
  const over = `-m base.gguf --lora ${file}${flags}`;
  return [{ program: 'llama.cpp', code: `llama-cli ${over}\nllama-server ${over} --port 8080` }];
}

/** The template that the adapter answers with; undefined if there is none. */
function templateText({ tokenizerConfig, templateFile }: SmallFacts): string | undefined {
  const source = chatTemplateSource(tokenizerConfig, templateFile);
  return typeof source === 'object' ? source['default'] : source;
}
