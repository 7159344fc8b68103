import { message, type Message } from '../../core/messages/message';
import type { ModelLayout } from '../../models/layout';
import { readQuantizationConfig } from '../../models/stored/quantization_config';
import type { DenseFormat, Packing } from '../../ops/weight';
import { isRecord } from '../../core/json';

const PACKED: Readonly<Record<Packing['format'], string>> = {
  nf4: 'NF4',
  gptq: 'GPTQ, 4-bit',
  awq: 'AWQ, 4-bit',
  q8_0: 'GGUF Q8_0',
  q4_0: 'GGUF Q4_0',
  q4_1: 'GGUF Q4_1',
  q4_k: 'GGUF Q4_K',
  q6_k: 'GGUF Q6_K',
};
const DENSE: Readonly<Record<DenseFormat, string>> = { f32: 'float32', f16: 'float16', bf16: 'bfloat16' };

export interface WeightFormats {
  /** The formats of the weights on the device: "NF4, as published". */
  readonly formats: Message;
  /**
   * The checkpoint's own quantisation, with which the load settings don't matter: "GPTQ, 4-bit"; absent if it has none.
   */
  readonly quantized?: string;
}

/** @param config the checkpoint's config.json */
export function weightFormats(config: unknown, layout: ModelLayout): WeightFormats {
  const matrices = [...layout.tensors.values()].filter((tensor) => tensor.kind !== 'vector');
  const packed = unique(
    matrices.flatMap((tensor) => (tensor.kind === 'packed' ? PACKED[tensor.packing.format] : [])),
  );
  const dense = unique(matrices.flatMap((tensor) => (tensor.kind === 'dense' ? DENSE[tensor.format] : [])));
  const own = isRecord(config) ? readQuantizationConfig(config.quantization_config) : { method: 'none' };
  const ready = packed.filter((name) => name !== 'NF4' || own.method === 'bitsandbytes');
  if (ready.length === 0) return { formats: told(packed.length === 0 ? dense : packed, 'none') };
  const formats = packed.length === ready.length ? told(packed, 'all') : told(['NF4'], 'rest');
  return { formats, quantized: ready.join(' + ') };
}

function told(formats: readonly string[], published: 'all' | 'rest' | 'none'): Message {
  return message('weight_formats', { formats, published });
}

function unique(names: readonly string[]): readonly string[] {
  return [...new Set(names)].sort();
}
