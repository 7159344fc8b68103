import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { GgufFileType } from '../../../src/exports/gguf/file_types';
import { ggmlFormat, type GgmlType } from '../../../src/formats/ggml/types';

/** The functions of ggml and llama.cpp that write files, called in the libraries that node-llama-cpp brings. */

interface Library {
  func(prototype: string): (...args: unknown[]) => unknown;
}
interface Koffi {
  load(path: string): Library;
  struct(name: string, fields: Readonly<Record<string, string>>): unknown;
}

/** The package is installed for these tests alone, so the type checker does not see it. */
const PACKAGE = 'koffi';
const koffi = ((await import(PACKAGE)) as { default: Koffi }).default;

/** The folder of the libraries that this system’s build of node-llama-cpp has. */
function libraries(): string {
  const builds = join(import.meta.dirname, '..', 'node_modules', '@node-llama-cpp');
  for (const build of readdirSync(builds)) {
    const bins = join(builds, build, 'bins');
    for (const folder of readdirSync(bins)) {
      if (readdirSync(join(bins, folder)).some((name) => name.includes('ggml-base')))
        return join(bins, folder);
    }
  }
  throw new Error(`${builds} has no libraries of ggml.`);
}

const folder = libraries();
const library = (name: RegExp): Library => {
  const file = readdirSync(folder).find((each) => name.test(each));
  if (file === undefined) throw new Error(`${folder} has no ${name.source}.`);
  return koffi.load(join(folder, file));
};

const quantizeChunk = library(/ggml-base/).func(
  `size_t ggml_quantize_chunk(int type, const float *values, _Out_ uint8_t *bytes, int64_t start, int64_t rows,
    int64_t columns, const float *importance)`,
);

/** Rows as ggml encodes them without an importance matrix. @param values [rows, columns] */
export function ggmlBytes(type: GgmlType, values: Float32Array, columns: number): Uint8Array {
  const { number, elements, bytes } = ggmlFormat(type);
  const encoded = new Uint8Array((values.length / elements) * bytes);
  const size = quantizeChunk(number, values, encoded, 0, values.length / columns, columns, null);
  if (Number(size) !== encoded.length) throw new Error(`ggml wrote ${String(size)} bytes of ${type}.`);
  return encoded;
}

koffi.struct('llama_model_quantize_params', {
  nthread: 'int32_t',
  ftype: 'int',
  output_tensor_type: 'int',
  token_embedding_type: 'int',
  allow_requantize: 'bool',
  quantize_output_tensor: 'bool',
  only_copy: 'bool',
  pure: 'bool',
  keep_split: 'bool',
  dry_run: 'bool',
  imatrix: 'void *',
  kv_overrides: 'void *',
  tt_overrides: 'void *',
  prune_layers: 'void *',
  max_buf_size: 'size_t',
});
const llama = library(/^(lib)?llama\.(?!.*common)/);
const defaultParameters = llama.func('llama_model_quantize_params llama_model_quantize_default_params()');
const quantizeModel = llama.func(
  'uint32_t llama_model_quantize(const char *from, const char *to, llama_model_quantize_params *parameters)',
);

/** Quantises a GGUF file as llama-quantize does. */
export function quantizeFile(from: string, to: string, { number }: GgufFileType): void {
  const parameters = { ...(defaultParameters() as object), nthread: 1, ftype: number };
  const failed = quantizeModel(from, to, parameters);
  if (failed !== 0) throw new Error(`llama.cpp could not quantise ${from}.`);
}
