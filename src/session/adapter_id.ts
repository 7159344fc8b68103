import { bytesOf, sha256Hex } from '../core/bytes';
import type { TunedAdapter } from './models/loaded';

const known = new WeakMap<TunedAdapter, Promise<string>>();

/**
 * Identifies an adapter by everything that its answers depend on: the parameters, the settings and the chat template.
 */
export function adapterId(tuned: TunedAdapter): Promise<string> {
  const id = known.get(tuned) ?? makeId(tuned);
  known.set(tuned, id);
  return id;
}

async function makeId({ layout, parameters, run }: TunedAdapter): Promise<string> {
  const template = run?.settings.template ?? 'model';
  const parts = [layout.settings, template, await sha256Hex(bytesOf(parameters))];
  return await sha256Hex(new TextEncoder().encode(JSON.stringify(parts)));
}
