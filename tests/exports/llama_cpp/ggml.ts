import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { ggmlBlock, type GgmlType } from '../../../src/formats/ggml_types';

/** ggml’s encoders, called in the library that node-llama-cpp brings. */

interface Library {
  func(prototype: string): (...args: unknown[]) => unknown;
}
interface Koffi {
  load(path: string): Library;
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

/** The numbers of ggml’s types. */
const NUMBERS: Readonly<Partial<Record<GgmlType, number>>> = {
  ...{ F32: 0, F16: 1, BF16: 30, Q4_0: 2, Q4_1: 3, Q5_0: 6, Q5_1: 7, Q8_0: 8, Q4_K: 12, Q5_K: 13, Q6_K: 14 },
};

/** Rows as ggml encodes them without an importance matrix. @param values [rows, columns] */
export function ggmlBytes(type: GgmlType, values: Float32Array, columns: number): Uint8Array {
  const { elements, bytes } = ggmlBlock(type);
  const encoded = new Uint8Array((values.length / elements) * bytes);
  const size = quantizeChunk(NUMBERS[type], values, encoded, 0, values.length / columns, columns, null);
  if (Number(size) !== encoded.length) throw new Error(`ggml wrote ${String(size)} bytes of ${type}.`);
  return encoded;
}
