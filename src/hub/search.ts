import { listModels } from '@huggingface/hub';
import * as v from 'valibot';
import { isModelScope } from '../core/endpoints';
import { TunesmithError } from '../core/errors';
import { isRecord } from '../core/json';
import { isRepo, refuseOtherPage } from '../core/model_reference';
import { ARCHITECTURES } from '../models/config';
import { ggufFamily } from '../models/families';
import { licenseOf } from './repository';
import { Requester } from './requester';
import type { CallOptions, Hub, HubModel } from './types';

/** How many models of the Hub's list to examine: the Hub can't filter by the families that this program trains. */
const LOOKED_THROUGH = 100;
const MOST_FOUND = 30;
/** The Hub's tasks of models that can be trained here. Models with a part for images are trained on text only. */
const TASKS = ['text-generation', 'image-text-to-text'] as const;
type Task = (typeof TASKS)[number];

const count = v.fallback(v.pipe(v.number(), v.minValue(0)), 0);
const name = v.pipe(v.string(), v.check(isRepo));
const common = {
  gated: v.fallback(v.union([v.boolean(), v.string()]), false),
  downloads: count,
  likes: count,
  tags: v.fallback(v.array(v.string()), []),
  cardData: v.optional(v.unknown()),
};
const foundSchema = v.object({
  ...common,
  name,
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
/** The Hub's data on a repository's GGUF files. */
const foundGguf = v.object({
  ...common,
  id: name,
  gguf: v.object({
    architecture: v.pipe(
      v.string(),
      v.check((each) => ggufFamily(each) !== undefined),
    ),
    total: v.fallback(v.optional(v.number()), undefined),
  }),
});
type Common = Pick<v.InferOutput<typeof foundSchema>, keyof typeof common>;

/**
 * Finds models that can be trained here, as far as the Hub's list shows, the most used first. The words of the query
 * must be in their names; an empty query finds the most used of all.
 *
 * @throws TunesmithError `search_not_offered` if the endpoint has no search that a page can use, `model_reference` for
 *   an address that is no model's, and as `listRepository`
 */
export async function searchModels(
  hub: Hub,
  query: string,
  options: CallOptions = {},
): Promise<readonly HubModel[]> {
  const requester = new Requester(hub);
  refuseOtherPage(query);
  if (isModelScope(requester.endpoint)) throw new TunesmithError({ code: 'search_not_offered' });
  try {
    const lists = await Promise.all(
      [safetensorsModels, ggufModels].flatMap((modelsOf) =>
        TASKS.map((task) => modelsOf(requester, query.trim(), task, options)),
      ),
    );
    const found = new Map<string, HubModel>();
    for (const model of lists.flat()) if (!found.has(model.repo)) found.set(model.repo, model);
    return [...found.values()].sort((a, b) => b.downloads - a.downloads).slice(0, MOST_FOUND);
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof TunesmithError) throw error;
    const { host } = new URL(requester.endpoint);
    throw new TunesmithError({ code: 'search_answer', values: { host }, cause: error });
  }
}

async function safetensorsModels(
  requester: Requester,
  query: string,
  task: Task,
  options: CallOptions,
): Promise<HubModel[]> {
  const found: HubModel[] = [];
  const models = listModels({
    search: { query, task, tags: ['safetensors'] },
    sort: 'downloads',
    limit: LOOKED_THROUGH,
    additionalFields: ['config', 'safetensors', 'tags', 'cardData'],
    hubUrl: requester.endpoint,
    fetch: requester.fetchFor({ ...options, asked: {} }),
  });
  for await (const model of models) {
    const read = v.safeParse(foundSchema, model);
    const trainable = read.success ? hubModel(read.output) : undefined;
    if (trainable) found.push(trainable);
    if (found.length === MOST_FOUND) break;
  }
  return found;
}

/**
 * Repositories with only GGUF files have no config.json. The Hub's client library does not know the field that
 * describes them.
 */
async function ggufModels(
  requester: Requester,
  query: string,
  task: Task,
  options: CallOptions,
): Promise<HubModel[]> {
  const asked = new URLSearchParams({
    search: query,
    pipeline_tag: task,
    filter: 'gguf',
    sort: 'downloads',
    limit: String(LOOKED_THROUGH),
  });
  for (const field of ['gguf', 'gated', 'downloads', 'likes', 'tags', 'cardData'])
    asked.append('expand', field);
  const text = await requester.text(`${requester.endpoint}/api/models?${asked}`, {
    ...options,
    accept: 'application/json',
    asked: {},
  });
  const listed = v.parse(v.array(v.unknown()), JSON.parse(text));
  return listed.flatMap((model) => {
    const read = v.safeParse(foundGguf, model);
    return read.success ? [ggufModel(read.output)] : [];
  });
}

function ggufModel({ id, gguf, ...found }: v.InferOutput<typeof foundGguf>): HubModel {
  return {
    repo: id,
    ...(gguf.total !== undefined && { parameters: gguf.total }),
    ...described(found),
    modelType: gguf.architecture,
    architecture: ggufFamily(gguf.architecture)?.architecture,
    quantization: 'gguf',
  };
}

function described({ gated, downloads, likes, tags, cardData }: Common): Omit<HubModel, 'repo'> {
  return { license: licenseOf(cardData, tags), gated: gated !== false, downloads, likes, tags };
}

function hubModel(found: v.InferOutput<typeof foundSchema>): HubModel | undefined {
  const { config, name: repo, safetensors } = found;
  const [architecture] = config.architectures;
  const quantization = quantizationOf(config.quantization_config);
  if (architecture === undefined || !ARCHITECTURES.includes(architecture) || quantization === 'other')
    return undefined;
  return {
    repo,
    ...(safetensors && sizesOf(safetensors.parameters, quantization)),
    ...described(found),
    modelType: config.model_type,
    architecture,
    quantization,
  };
}

const METHODS = ['bitsandbytes', 'gptq', 'awq'];

/**
 * The method of a checkpoint stored in 4 bits; undefined if it is not quantised, 'other' for a method that can't run.
 */
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

/** The Hub counts elements by dtype. An element of a packed tensor holds several weights. */
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
