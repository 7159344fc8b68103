import { listDatasets } from '@huggingface/hub';
import * as v from 'valibot';
import { isModelScope } from '../../core/endpoints';
import { TunesmithError } from '../../core/errors';
import { isRepo } from '../../core/model_reference';
import { licenseOf } from '../repository';
import { Requester } from '../requester';
import type { CallOptions, Hub } from '../types';

/** A data set that a search found. */
export interface FoundDataset {
  readonly repo: string;
  readonly license?: string;
  readonly gated: boolean;
  readonly downloads: number;
}

const MOST_FOUND = 20;
const foundSchema = v.object({
  name: v.pipe(v.string(), v.check(isRepo)),
  gated: v.fallback(v.union([v.boolean(), v.string()]), false),
  downloads: v.fallback(v.number(), 0),
  tags: v.fallback(v.array(v.string()), []),
  cardData: v.optional(v.unknown()),
});

/**
 * Data sets with the words of the query in their names, the most used first.
 *
 * @throws TunesmithError `search_not_offered`, `search_answer`, and as `listRepository`
 */
export async function searchDatasets(
  hub: Hub,
  query: string,
  options: CallOptions = {},
): Promise<readonly FoundDataset[]> {
  const requester = new Requester(hub);
  if (isModelScope(requester.endpoint)) throw new TunesmithError({ code: 'search_not_offered' });
  const found: FoundDataset[] = [];
  try {
    const listed = listDatasets({
      search: { query: query.trim() },
      sort: 'downloads',
      limit: MOST_FOUND,
      additionalFields: ['tags', 'cardData'],
      hubUrl: requester.endpoint,
      fetch: requester.fetchFor({ ...options, asked: {} }),
    });
    for await (const dataset of listed) {
      const read = v.safeParse(foundSchema, dataset);
      if (!read.success) continue;
      const { name: repo, gated, downloads, tags, cardData } = read.output;
      const license = licenseOf(cardData, tags);
      found.push({ repo, gated: gated !== false, downloads, ...(license !== undefined && { license }) });
    }
    return found;
  } catch (error) {
    options.signal?.throwIfAborted();
    if (error instanceof TunesmithError) throw error;
    const { host } = new URL(requester.endpoint);
    throw new TunesmithError({ code: 'search_answer', values: { host }, cause: error });
  }
}
