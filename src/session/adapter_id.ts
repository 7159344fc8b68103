import { bytesOf, sha256Hex } from '../core/bytes';
import { trainedTemplate, type TunedAdapter } from './models/loaded';

const known = new WeakMap<TunedAdapter, Promise<string>>();

/**
 * Identifies an adapter by everything that its answers depend on: the parameters, the settings and the chat template.
 */
export function adapterId(tuned: TunedAdapter): Promise<string> {
  const id = known.get(tuned) ?? makeId(tuned);
  known.set(tuned, id);
  return id;
}

async function makeId(tuned: TunedAdapter): Promise<string> {
  const { layout, parameters, frozen } = tuned;
  const template = trainedTemplate(tuned) ?? 'model';
  const named = typeof template === 'object' ? template.source : template;
  const own = [parameters, ...(frozen.length > 0 ? [frozen] : [])];
  const hashes = await Promise.all(own.map((values) => sha256Hex(bytesOf(values))));
  const parts = [layout.settings, named, ...hashes];
  return await sha256Hex(new TextEncoder().encode(JSON.stringify(parts)));
}
