import { isRecord } from '../../core/json';
import { elementCount } from '../../core/shape';
import type { StoredForm } from '../layout';
import type { ConvertedTypes } from '../load_notes';
import { checkpointTensors, type ModelSpec } from '../spec';
import { readQuantizationConfig, type Published } from './quantization_config';
import type { DenseFormat, GgmlPacking } from '../../ops/weight';

/** A file of a checkpoint before its download. */
export interface ListedFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
}

/** How a checkpoint probably stores its weights. */
export interface ExpectedForms {
  readonly formOf: (name: string) => StoredForm;
  /** For people, if its linear maps are already quantised: "GPTQ, 4-bit". */
  readonly quantized?: string;
  /** For a GGUF file: the types of linear maps that do not run as stored. */
  readonly converted: ConvertedTypes;
}

/**
 * Guesses how each weight is stored from config.json, and from the names and sizes of the weight files, before their
 * headers are downloaded. Throws as `readQuantizationConfig`.
 */
export function expectedForms(
  spec: ModelSpec,
  config: unknown,
  weights: readonly ListedFile[],
): ExpectedForms {
  const [first] = weights;
  if (first && /\.gguf$/i.test(first.path)) return ofGguf(spec, first.path);
  const fields = fieldsOf(config);
  const published = readQuantizationConfig(fields['quantization_config']);
  const dense = denseFormat(spec, fields, published, weights);
  if (published.method === 'none') return { formOf: () => dense, converted: NONE };
  const packed = packedForms(spec, fieldsOf(fields['quantization_config']), published);
  const formOf = (name: string): StoredForm => packed(name) ?? { kept: dense };
  return { formOf, quantized: NAMES[published.method], converted: NONE };
}

const NONE: ConvertedTypes = { unpacked: [], dense: [] };

const NAMES = { bitsandbytes: 'NF4 (bitsandbytes)', gptq: 'GPTQ, 4-bit', awq: 'AWQ, 4-bit' };

const DTYPES: Readonly<Record<string, DenseFormat>> = { float32: 'f32', float16: 'f16', bfloat16: 'bf16' };

/** The format that config.json names, else the one that fits the files' bytes per parameter. */
function denseFormat(
  spec: ModelSpec,
  { dtype, torch_dtype }: Fields,
  { method }: Published,
  weights: readonly ListedFile[],
): DenseFormat {
  const given = dtype ?? torch_dtype;
  const said = typeof given === 'string' && Object.hasOwn(DTYPES, given) ? DTYPES[given] : undefined;
  if (said) return said;
  const bytes = weights.reduce((sum, { size }) => sum + size, 0);
  const parameters = checkpointTensors(spec).reduce((sum, { shape }) => sum + elementCount(shape), 0);
  return method === 'none' && bytes > 3 * parameters ? 'f32' : 'bf16';
}

function packedForms(
  spec: ModelSpec,
  config: Fields,
  published: Exclude<Published, { method: 'none' }>,
): (name: string) => StoredForm | undefined {
  const inputs = new Map(
    checkpointTensors(spec).flatMap(({ name, shape, kind }) =>
      kind === 'linear' ? [[name, shape[1] ?? 0]] : [],
    ),
  );
  const skipped = listOf(config['llm_int8_skip_modules'] ?? config['modules_to_not_convert']);
  return (name) => {
    const input = inputs.get(name);
    if (input === undefined || skipped.some((module) => name.includes(module))) return undefined;
    switch (published.method) {
      case 'bitsandbytes': {
        const doubleQuant = config['bnb_4bit_use_double_quant'] === true;
        return { format: 'nf4', blockSize: 64, doubleQuant, nestedBlockSize: 256 };
      }
      case 'gptq':
        return { format: 'gptq', groupSize: published.groupSize ?? input, actOrder: published.actOrder };
      case 'awq':
        return { format: 'awq', groupSize: published.groupSize ?? input };
    }
  };
}

/** Finds the type in the name of a GGUF file as llama.cpp's tools write it: Q4_K_M, IQ4_XS, BF16. */
const GGUF_TYPE = /[-._](I?Q\d\w*|MXFP4\w*|F16|BF16|F32|FP16)\.gguf$/i;

const GGUF_DENSE: Readonly<Record<string, DenseFormat>> = {
  F16: 'f16',
  FP16: 'f16',
  BF16: 'bf16',
  F32: 'f32',
};
const GGUF_PACKED: Readonly<Record<string, GgmlPacking['format']>> = {
  Q8_0: 'q8_0',
  Q4_0: 'q4_0',
  Q4_1: 'q4_1',
  Q4_K: 'q4_k',
  Q4_K_S: 'q4_k',
  Q4_K_M: 'q4_k',
  Q6_K: 'q6_k',
};

function ofGguf(spec: ModelSpec, path: string): ExpectedForms {
  const type = GGUF_TYPE.exec(path)?.[1]?.toUpperCase() ?? '';
  const dense = GGUF_DENSE[type];
  if (dense) return { formOf: () => dense, converted: { unpacked: [], dense: [type] } };
  const format = GGUF_PACKED[type];
  const kinds = new Map(checkpointTensors(spec).map(({ name, kind }) => [name, kind]));
  const formOf = (name: string): StoredForm => {
    const kind = kinds.get(name);
    if (kind === 'vector') return 'f32';
    if (kind !== 'linear' || !format) return 'requantised';
    return { format: type === 'Q4_K_M' && isFiner(spec, name) ? 'q6_k' : format };
  };
  // If the name shows no type, the result claims none.
  const unpacked = format || type === '' ? [] : [type];
  return {
    formOf,
    quantized: type === '' ? 'GGUF' : `GGUF, ${type}`,
    converted: { unpacked, dense: [] },
  };
}

/**
 * Whether llama.cpp's "M" mixtures store a tensor in a finer type: half of v_proj and down_proj, in the outer eighths
 * and every third layer between.
 */
function isFiner({ blocks: { length: layers } }: ModelSpec, name: string): boolean {
  const [, index, module] = /layers\.(\d+)\..*\.(\w+)\.weight$/.exec(name) ?? [];
  if (module !== 'v_proj' && module !== 'down_proj') return false;
  const layer = Number(index);
  const eighth = Math.floor(layers / 8);
  return layer < eighth || layer >= Math.floor((7 * layers) / 8) || (layer - eighth) % 3 === 2;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields {
  return isRecord(value) ? value : {};
}

function listOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}
