import * as v from 'valibot';
import { TunesmithError } from '../../core/errors';
import { isRecord } from '../../core/json';
import { message, type Message } from '../../core/messages/message';
import { issueReason, reason } from '../../core/issue_reason';

/** How a checkpoint's linear maps were quantised before it was published. */
export type Published =
  | { readonly method: 'none' }
  | { readonly method: 'bitsandbytes' }
  | {
      readonly method: 'gptq';
      /** Undefined: whole rows. */
      readonly groupSize: number | undefined;
      readonly actOrder: boolean;
      /** Whether zero points are stored less one. */
      readonly firstLayout: boolean;
    }
  | { readonly method: 'awq'; readonly groupSize: number | undefined };

const Config = v.looseObject({ quant_method: v.optional(v.string()) });

const BitsAndBytes = v.looseObject({
  load_in_4bit: v.optional(v.boolean()),
  load_in_8bit: v.optional(v.boolean()),
  _load_in_4bit: v.optional(v.boolean()),
  _load_in_8bit: v.optional(v.boolean()),
  bnb_4bit_quant_type: v.optional(v.string()),
});

const groupSize = v.pipe(
  v.number(),
  v.integer(),
  v.check((size) => size === -1 || (size > 0 && size % 4 === 0), reason('quantization_group_size')),
);

const Gptq = v.looseObject({
  bits: v.number(),
  group_size: groupSize,
  desc_act: v.optional(v.boolean(), false),
  checkpoint_format: v.nullish(v.string(), 'gptq'),
  is_marlin_format: v.nullish(v.boolean()),
  lm_head: v.nullish(v.boolean()),
  pack_dtype: v.nullish(v.string(), 'int32'),
  dynamic: v.nullish(v.record(v.string(), v.unknown())),
});

const Awq = v.looseObject({
  bits: v.number(),
  group_size: groupSize,
  version: v.nullish(v.string(), 'gemm'),
});

/**
 * Reads `quantization_config` of a config.json; undefined means a checkpoint that is not quantised. Throws
 * `quantization_unsupported` naming the unsupported feature, and `config_invalid`.
 */
export function readQuantizationConfig(config: unknown): Published {
  if (config === undefined || config === null || (isRecord(config) && Object.keys(config).length === 0))
    return { method: 'none' };
  const { quant_method: given } = parse(Config, config);
  // Early checkpoints of bitsandbytes name no method.
  const method = given ?? ('load_in_4bit' in Object(config) ? 'bitsandbytes' : undefined);
  switch (method) {
    case 'bitsandbytes':
      return readBitsAndBytes(parse(BitsAndBytes, config));
    case 'gptq':
      return readGptq(parse(Gptq, config));
    case 'awq':
      return readAwq(parse(Awq, config));
    default:
      throw unsupported('quant_method', JSON.stringify(method ?? null));
  }
}

function readBitsAndBytes(config: v.InferOutput<typeof BitsAndBytes>): Published {
  if (config.load_in_8bit ?? config._load_in_8bit) throw unsupported('load_in_8bit', 'true');
  const { bnb_4bit_quant_type: type } = config;
  if (type !== undefined && type !== 'nf4') throw unsupported('bnb_4bit_quant_type', JSON.stringify(type));
  return { method: 'bitsandbytes' };
}

function readGptq(config: v.InferOutput<typeof Gptq>): Published {
  const { bits, group_size, desc_act, checkpoint_format: format, pack_dtype, dynamic } = config;
  if (bits !== 4) throw unsupported('bits', String(bits), 'GPTQ');
  if (config.is_marlin_format) throw unsupported('is_marlin_format', 'true');
  if (format !== 'gptq' && format !== 'gptq_v2')
    throw unsupported('checkpoint_format', JSON.stringify(format));
  if (config.lm_head) throw unsupported('lm_head', 'true');
  if (pack_dtype !== 'int32') throw unsupported('pack_dtype', JSON.stringify(pack_dtype));
  if (dynamic && Object.keys(dynamic).length > 0) throw notBuilt(message('quantization_dynamic'));
  return {
    method: 'gptq',
    groupSize: sizeOf(group_size),
    actOrder: desc_act,
    firstLayout: format === 'gptq',
  };
}

function readAwq({ bits, group_size, version }: v.InferOutput<typeof Awq>): Published {
  if (bits !== 4) throw unsupported('bits', String(bits), 'AWQ');
  if (version.toLowerCase() !== 'gemm') throw unsupported('version', JSON.stringify(version), 'AWQ');
  return { method: 'awq', groupSize: sizeOf(group_size) };
}

function sizeOf(groupSize: number): number | undefined {
  return groupSize === -1 ? undefined : groupSize;
}

function parse<S extends v.GenericSchema>(schema: S, config: unknown): v.InferOutput<S> {
  const parsed = v.safeParse(schema, config);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new TunesmithError({
    code: 'config_invalid',
    values: { field: `quantization_config.${v.getDotPath(issue) ?? ''}`, reason: issueReason(issue) },
  });
}

function unsupported(field: string, value: string, method?: string): TunesmithError {
  return notBuilt(message('quantization_field', { field, value, method }));
}

function notBuilt(what: Message): TunesmithError {
  return new TunesmithError({
    code: 'quantization_unsupported',
    values: { fault: message('quantization_config', { what }) },
  });
}
