import { datasetInfo, listFiles, modelInfo } from '@huggingface/hub';
import * as v from 'valibot';
import { sha256Hex } from '../core/bytes';
import { isModelScope } from '../core/endpoints';
import { TunesmithError } from '../core/errors';
import { isRecord } from '../core/json';
import { isRepo } from '../core/model_reference';
import { wrongContent } from './download_errors';
import { contentHash } from './hash';
import { Requester } from './requester';
import type { CallOptions, Hub, Repository, RepositoryFile, RepositoryKind } from './types';

const MOST_ENTRIES = 20_000;
const INFO_FIELDS: ('sha' | 'tags' | 'cardData')[] = ['sha', 'tags', 'cardData'];
/** Most bytes of a small file such as config.json. */
const SMALL_FILE = 64 * 2 ** 20;

const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const hex = (digits: number) => v.pipe(v.string(), v.regex(new RegExp(`^[0-9a-f]{${digits}}$`)));
const treeEntrySchema = v.object({
  type: v.string(),
  path: v.pipe(v.string(), v.minLength(1)),
  size,
  oid: v.optional(v.string()),
  lfs: v.optional(v.object({ oid: hex(64), size })),
});
const infoSchema = v.object({
  sha: hex(40),
  gated: v.optional(v.union([v.boolean(), v.string()]), false),
  tags: v.optional(v.array(v.string()), []),
  cardData: v.nullish(v.unknown()),
});
const modelScopeSchema = v.object({
  Data: v.object({
    Files: v.array(
      v.object({
        Type: v.string(),
        Path: v.pipe(v.string(), v.minLength(1)),
        Size: size,
        Sha256: v.nullish(v.string()),
        Revision: v.nullish(v.string()),
      }),
    ),
    LatestCommitter: v.nullish(v.object({ Id: v.nullish(v.string()) })),
  }),
});
type ModelScopeList = v.InferOutput<typeof modelScopeSchema>['Data'];
/** Entries of a page of ModelScope's list of a data set's files. */
const MODEL_SCOPE_PAGE = 200;

export interface ListOptions extends CallOptions {
  /** 'model' by default. */
  readonly kind?: RepositoryKind;
}

/**
 * Lists a repository at the revision's present commit.
 *
 * @param repo `owner/name`
 * @param revision a branch, a tag or a commit; the main branch by default
 * @throws TunesmithError `endpoint_invalid`, `endpoint_unreachable`, `repository_not_found`, `repository_gated`,
 *   `repository_invalid`, `download_failed`
 */
export async function listRepository(
  hub: Hub,
  repo: string,
  revision?: string,
  options: ListOptions = {},
): Promise<Repository> {
  if (!isRepo(repo)) {
    throw new TunesmithError({ code: 'repository_name', values: { name: repo } });
  }
  const requester = new Requester(hub);
  return isModelScope(requester.endpoint)
    ? await listModelScope(requester, repo, revision ?? 'master', options)
    : await listHuggingFace(requester, repo, revision ?? 'main', options);
}

async function listHuggingFace(
  requester: Requester,
  repo: string,
  revision: string,
  { kind = 'model', signal }: ListOptions,
): Promise<Repository> {
  const shared = {
    hubUrl: requester.endpoint,
    fetch: requester.fetchFor({ signal, asked: { repo, kind, revision } }),
  };
  const asked = { ...shared, name: repo, revision, additionalFields: INFO_FIELDS };
  const found = await understood<unknown>(repo, requester, () =>
    kind === 'dataset' ? datasetInfo(asked) : modelInfo(asked),
  );
  const info = checked(infoSchema, found, repo, requester);
  const files: RepositoryFile[] = [];
  let entries = 0;
  await understood(repo, requester, async () => {
    const designation = { name: repo, type: kind };
    for await (const entry of listFiles({
      ...shared,
      repo: designation,
      revision: info.sha,
      recursive: true,
    })) {
      const { type, path, size, oid, lfs } = checked(treeEntrySchema, entry, repo, requester);
      if (type === 'file') {
        files.push(lfs ? { path, size: lfs.size, sha256: lfs.oid } : { path, size, gitId: gitIdOf(oid) });
      }
      if (++entries > MOST_ENTRIES) {
        const values = { repo, host: new URL(requester.endpoint).host };
        throw new TunesmithError({ code: 'repository_too_many_files', values });
      }
    }
  });
  return {
    repo,
    ...(kind === 'dataset' && { kind }),
    endpoint: requester.endpoint,
    commit: info.sha,
    files,
    license: licenseOf(info.cardData, info.tags),
    gated: info.gated !== false,
  };
}

/** Lists a repository of ModelScope, which lists the files of a branch, each with the commit that added it. */
async function listModelScope(
  requester: Requester,
  repo: string,
  revision: string,
  { kind = 'model', signal }: ListOptions,
): Promise<Repository> {
  const listed = async (path: string, more: Readonly<Record<string, string>>): Promise<ModelScopeList> => {
    const query = new URLSearchParams({ Revision: revision, ...more });
    const text = await requester.text(`${requester.endpoint}/api/v1/${kind}s/${repo}/repo/${path}?${query}`, {
      signal,
      accept: 'application/json',
      asked: { repo, kind, revision },
    });
    const json = await understood<unknown>(repo, requester, () => Promise.resolve(JSON.parse(text)));
    return checked(modelScopeSchema, json, repo, requester).Data;
  };
  const { Files, LatestCommitter } =
    kind === 'model' ? await listed('files', { Recursive: 'true' }) : await allPages(listed);
  const files = Files.filter((file) => file.Type !== 'tree').map((file): RepositoryFile => ({
    path: file.Path,
    size: file.Size,
    sha256: /^[0-9a-f]{64}$/.test(file.Sha256 ?? '') ? file.Sha256! : undefined,
    revision: file.Revision || revision,
  }));
  // Not every listing names its commit. A hash of the files' descriptions identifies the state as well.
  const described = new TextEncoder().encode(JSON.stringify(files));
  const commit = LatestCommitter?.Id || (await sha256Hex(described)).slice(0, 40);
  const { endpoint } = requester;
  return { repo, ...(kind === 'dataset' && { kind }), endpoint, commit, files, gated: false };
}

/** ModelScope lists the files of a data set page by page. */
async function allPages(
  listed: (path: string, more: Readonly<Record<string, string>>) => Promise<ModelScopeList>,
): Promise<ModelScopeList> {
  const files = new Map<string, ModelScopeList['Files'][number]>();
  for (let page = 1; ; page++) {
    const pages = { PageNumber: String(page), PageSize: String(MODEL_SCOPE_PAGE) };
    const list = await listed('tree', { Recursive: 'True', Root: '/', ...pages });
    const before = files.size;
    for (const file of list.Files) files.set(file.Path, file);
    const isLast = list.Files.length < MODEL_SCOPE_PAGE || files.size === before;
    if (isLast || files.size > MOST_ENTRIES) return { ...list, Files: [...files.values()] };
  }
}

/**
 * Downloads a whole small file, such as config.json, and checks its hash.
 *
 * @throws TunesmithError as `listRepository`; `repository_file_missing`, `repository_file_large`, `download_wrong_hash`
 */
export async function fetchSmallFile(
  hub: Hub,
  repository: Repository,
  path: string,
  { signal }: CallOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const file = repository.files.find((each) => each.path === path);
  const asked = { repo: repository.repo, kind: repository.kind, file: path };
  if (file === undefined) throw new TunesmithError({ code: 'repository_file_missing', values: asked });
  if (file.size > SMALL_FILE) {
    throw new TunesmithError({ code: 'repository_file_large', values: { file: path, bytes: file.size } });
  }
  const requester = new Requester(hub);
  const address = fileAddress(repository, file);
  // A wrong hash may come from the transfer, so the file is downloaded once more; the same wrong bytes twice are the
  // endpoint's.
  for (let attempt = 1; ; attempt++) {
    const bytes = await requester.bytes(address, { signal, asked }, file.size);
    const hash = await contentHash(file);
    hash?.update(bytes);
    if (bytes.length === file.size && hash?.matches() !== false) return bytes;
    if (attempt === 2) throw wrongContent(path, repository);
  }
}

/** The address of a file's bytes. */
export function fileAddress(
  { endpoint, repo, kind = 'model', commit }: Repository,
  file: RepositoryFile,
): string {
  const revision = file.revision;
  if (revision !== undefined) {
    const query = new URLSearchParams({ Revision: revision, FilePath: file.path });
    return `${endpoint}/api/v1/${kind}s/${repo}/repo?${query}`;
  }
  const folder = kind === 'dataset' ? 'datasets/' : '';
  return `${endpoint}/${folder}${repo}/resolve/${commit}/${file.path.split('/').map(encodeURIComponent).join('/')}`;
}

/** The licence from the card's metadata, or else from a tag. */
export function licenseOf(cardData: unknown, tags: readonly string[]): string | undefined {
  const said = isRecord(cardData) ? cardData.license : undefined;
  const first: unknown = Array.isArray(said) ? said[0] : said;
  if (typeof first === 'string' && first !== 'other') return first;
  const named =
    isRecord(cardData) && typeof cardData.license_name === 'string' ? cardData.license_name : undefined;
  return named ?? tags.find((tag) => tag.startsWith('license:'))?.slice('license:'.length);
}

/** A git blob id is SHA-1; other ids, such as those of newer kinds of repositories, can't be checked here. */
function gitIdOf(oid: string | undefined): string | undefined {
  return oid !== undefined && /^[0-9a-f]{40}$/.test(oid) ? oid : undefined;
}

/** Turns an error of the Hub's library about an unexpected response into one for people; passes others on. */
async function understood<T>(repo: string, requester: Requester, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const known = error instanceof TunesmithError || (error instanceof Error && error.name === 'AbortError');
    throw known ? error : invalid(repo, requester, error);
  }
}

function checked<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  repo: string,
  requester: Requester,
): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw invalid(repo, requester, v.summarize(result.issues));
}

function invalid(repo: string, requester: Requester, cause: unknown): TunesmithError {
  const { host } = new URL(requester.endpoint);
  return new TunesmithError({ code: 'repository_invalid', values: { repo, host }, cause });
}
