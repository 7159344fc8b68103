import { listModels } from '@huggingface/hub';
import * as v from 'valibot';
import { isModelScope } from '../core/endpoints';
import { TunesmithError } from '../core/errors';
import { isRecord } from '../core/json';
import { ARCHITECTURES } from '../models/config';
import { licenseOf } from './repository';
import { Requester } from './requester';
import type { CallOptions, Hub, HubModel } from './types';

/** The Hub knows nothing of which families can be trained here: so many are looked through. */
const LOOKED_THROUGH = 100;
const MOST_FOUND = 30;

const count = v.fallback(v.pipe(v.number(), v.minValue(0)), 0);
const foundSchema = v.object({
  name: v.pipe(v.string(), v.regex(/^[^/]+\/[^/]+$/)),
  gated: v.fallback(v.union([v.boolean(), v.string()]), false),
  downloads: count,
  likes: count,
  tags: v.fallback(v.array(v.string()), []),
  cardData: v.optional(v.unknown()),
  config: v.fallback(
    v.object({
      architectures: v.fallback(v.array(v.string()), []),
      model_type: v.fallback(v.optional(v.string()), undefined),
      quantization_config: v.optional(v.unknown()),
    }),
    { architectures: [], model_type: undefined, quantization_config: undefined },
  ),
  safetensors: v.fallback(v.optional(v.object({ parameters: v.record(v.string(), v.number()) })), undefined),
});

/**
 * Models that can be trained here, as far as the Hub's list tells, the most used first. Words of the query are looked
 * for in their names; an empty one finds the most used of all.
 *
 * @throws TunesmithError `search_not_offered` where the endpoint has no search that a page may ask, and as
 *   `listRepository`
 */
export async function searchModels(
  hub: Hub,
  query: string,
  options: CallOptions = {},
): Promise<readonly HubModel[]> {
  const requester = new Requester(hub);
  if (isModelScope(requester.endpoint)) throw notOffered();
  const found: HubModel[] = [];
  const models = listModels({
    search: { query: query.trim(), task: 'text-generation', tags: ['safetensors'] },
    sort: 'downloads',
    limit: LOOKED_THROUGH,
    additionalFields: ['config', 'safetensors', 'tags', 'cardData'],
    hubUrl: requester.endpoint,
    fetch: requester.fetchFor({ ...options, asked: {} }),
  });
  try {
    for await (const model of models) {
      const read = v.safeParse(foundSchema, model);
      const trainable = read.success ? hubModel(read.output) : undefined;
      if (trainable) found.push(trainable);
      if (found.length === MOST_FOUND) break;
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    throw error instanceof TunesmithError ? error : notUnderstood(requester.endpoint, error);
  }
  return found;
}

function hubModel(found: v.InferOutput<typeof foundSchema>): HubModel | undefined {
  const { config, name, gated, downloads, likes, tags, cardData, safetensors } = found;
  const [architecture] = config.architectures;
  const quantization = quantizationOf(config.quantization_config);
  if (architecture === undefined || !ARCHITECTURES.includes(architecture) || quantization === 'other')
    return undefined;
  return {
    repo: name,
    ...(safetensors && sizesOf(safetensors.parameters, quantization)),
    license: licenseOf(cardData, tags),
    gated: gated !== false,
    downloads,
    likes,
    modelType: config.model_type,
    architecture,
    quantization,
    tags,
  };
}

const METHODS = ['bitsandbytes', 'gptq', 'awq'];

/** The method of a checkpoint stored in 4 bits; undefined for one that isn't quantised, 'other' for what can't be run. */
function quantizationOf(config: unknown): string | undefined {
  if (config === undefined || config === null) return undefined;
  if (!isRecord(config)) return 'other';
  const { quant_method: method, bits, load_in_4bit, load_in_8bit } = config;
  const named = typeof method === 'string' && METHODS.includes(method) ? method : 'other';
  const wide = (bits !== undefined && bits !== 4) || load_in_4bit === false || load_in_8bit === true;
  return wide ? 'other' : named;
}

/** Bytes of an element by the Hub's names of dtypes. */
const ELEMENT_BYTES: Readonly<Record<string, number>> = {
  F64: 8,
  I64: 8,
  F32: 4,
  I32: 4,
  BF16: 2,
  F16: 2,
  I16: 2,
  U8: 1,
  I8: 1,
};

/** The Hub counts elements by dtype; an element of a packed tensor holds several weights. */
function sizesOf(
  elements: Readonly<Record<string, number>>,
  quantization: string | undefined,
): { readonly parameters: number; readonly bytes: number } {
  let parameters = 0;
  let bytes = 0;
  for (const [dtype, elementCount] of Object.entries(elements)) {
    const width = ELEMENT_BYTES[dtype] ?? 2;
    bytes += elementCount * width;
    const packed = quantization !== undefined && (dtype === 'U8' || dtype === 'I32');
    parameters += packed ? elementCount * width * 2 : elementCount;
  }
  return { parameters, bytes };
}

function notOffered(): TunesmithError {
  return new TunesmithError({
    code: 'search_not_offered',
    message: 'ModelScope has no search that other pages may ask.',
    hint: 'Look for the model on its site, and type its name here as owner/name.',
  });
}

function notUnderstood(endpoint: string, cause: unknown): TunesmithError {
  return new TunesmithError({
    code: 'search_not_offered',
    message: `${new URL(endpoint).host} answered the search with something that makes no sense.`,
    hint: 'Type the name of the model as owner/name, or choose another endpoint in the settings.',
    cause,
  });
}
