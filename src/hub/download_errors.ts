import { TunesmithError } from '../core/errors';
import type { Repository } from './types';

export function wrongContent(path: string, { repo, endpoint }: Repository): TunesmithError {
  return new TunesmithError({
    code: 'download_wrong_hash',
    message: `${path} of ${repo} arrived twice with other bytes than ${new URL(endpoint).host} says it has.`,
    hint: 'Try again later or take another endpoint. The file was thrown away.',
  });
}

export function noSuchFile(path: string, { repo }: Repository): TunesmithError {
  return new TunesmithError({
    code: 'repository_file_missing',
    message: `${repo} has no file ${path}.`,
    hint: 'Look on the page of the model for what it consists of.',
  });
}

/**
 * @param missing bytes still to come
 * @param tooMuch bytes to free
 */
export function noRoom(repo: string, missing: number, tooMuch: number, cause?: unknown): TunesmithError {
  const amount = (bytes: number) => `${(Math.ceil(bytes / 1e5) / 10).toFixed(1)} MB`;
  return new TunesmithError({
    code: 'storage_full',
    message: `There is no room for ${repo}: ${amount(missing)} are still to come.`,
    hint: `Free at least ${amount(tooMuch)}: remove models or runs that are no longer needed, or free space on the disk. What has arrived is kept.`,
    cause,
  });
}

export function reopen(name: string): TunesmithError {
  return new TunesmithError({
    code: 'download_reopen',
    message: `${name} had arrived damaged and was fetched once more.`,
    hint: 'Open the model again: all of it is here now.',
  });
}
