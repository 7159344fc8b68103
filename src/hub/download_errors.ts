import { TunesmithError } from '../core/errors';
import type { Repository } from './types';

export function wrongContent(file: string, { repo, endpoint }: Repository): TunesmithError {
  const { host } = new URL(endpoint);
  return new TunesmithError({ code: 'download_wrong_hash', values: { file, repo, host } });
}
