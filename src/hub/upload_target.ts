import { modelInfo } from '@huggingface/hub';
import { isModelScope } from '../core/endpoints';
import { classOf } from '../core/error_codes';
import { errorCode, TunesmithError } from '../core/errors';
import { isRecord } from '../core/json';
import { isRepo } from '../core/model_reference';
import { listRepository } from './repository';
import { Requester } from './requester';
import type { CallOptions, Hub } from './types';
import { uploadFetch } from './upload_requests';

/** The repository of an upload. */
export interface UploadTarget {
  /** owner/name */
  readonly repo: string;
  /** Whether only the owner may see the files: a repository that the upload creates, or that exists. */
  readonly isPrivate: boolean;
  /** Whether the files may join or replace those of a repository that has some. */
  readonly update: boolean;
}

/**
 * Tells before the files are written whether they can't be uploaded. Changes nothing. Whether the token may write to the
 * owner's repositories is known only when the upload creates or changes one.
 *
 * @throws TunesmithError as `requesterFor` and `checkExisting`; `token_refused`, `upload_refused`, `endpoint_…`; the signal's
 *   reason
 */
export async function checkUpload(
  hub: Hub,
  target: UploadTarget,
  { signal }: CallOptions = {},
): Promise<void> {
  const requester = requesterFor(hub, target.repo);
  await checkToken(requester, target.repo, signal);
  try {
    await checkExisting(hub, requester, target, { signal });
  } catch (error) {
    if (errorCode(error) !== 'repository_not_found') throw error;
  }
}

/**
 * Makes the requests of an upload.
 *
 * @throws TunesmithError `repository_name`, `upload_not_offered`, `upload_no_token`, `token_invalid`, `endpoint_invalid`
 */
export function requesterFor(hub: Hub, repo: string): Requester {
  if (!isRepo(repo)) throw new TunesmithError({ code: 'repository_name', values: { name: repo } });
  const requester = new Requester(hub);
  const { host } = new URL(requester.endpoint);
  if (isModelScope(requester.endpoint))
    throw new TunesmithError({ code: 'upload_not_offered', values: { host } });
  if (!hub.token?.trim()) throw new TunesmithError({ code: 'upload_no_token', values: { host } });
  return requester;
}

/** Throws `repository_exists` or `repository_public` if an upload may not change a repository that exists. */
export async function checkExisting(
  hub: Hub,
  requester: Requester,
  { repo, isPrivate, update }: UploadTarget,
  { signal }: CallOptions = {},
): Promise<void> {
  const { host } = new URL(requester.endpoint);
  const { files } = await listRepository(hub, repo, undefined, { signal });
  // An attempt that failed leaves a repository without files of its own.
  const isEmpty = files.every(({ path }) => path === '.gitattributes');
  if (!update && !isEmpty) throw new TunesmithError({ code: 'repository_exists', values: { repo, host } });
  if (!isPrivate) return;
  const info = await modelInfo({
    name: repo,
    hubUrl: requester.endpoint,
    fetch: requester.fetchFor({ asked: { repo }, signal }),
  });
  if (!info.private) throw new TunesmithError({ code: 'repository_public', values: { repo, host } });
}

/** Throws `token_refused` or, for a token that can only read, `upload_refused`. A mirror may not know such questions. */
async function checkToken(
  requester: Requester,
  repo: string,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { host } = new URL(requester.endpoint);
  let said: unknown;
  try {
    const response = await uploadFetch(requester, { repo, signal })(`${requester.endpoint}/api/whoami-v2`);
    said = await response.json();
  } catch (error) {
    signal?.throwIfAborted();
    const code = errorCode(error);
    if (code === 'token_refused' || (code && classOf(code) === 'network')) throw error;
    return;
  }
  const auth = isRecord(said) ? said['auth'] : undefined;
  const token = isRecord(auth) ? auth['accessToken'] : undefined;
  if (isRecord(token) && token['role'] === 'read')
    throw new TunesmithError({ code: 'upload_refused', values: { repo, host } });
}
