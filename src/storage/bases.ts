import { loadKey, type LoadSettings } from '../core/settings/settings';
import type { FileStore } from './file_store';
import { MANIFEST, readManifest, BASES, shown, type StoredBase } from './saved_base';

/** All complete bases, the most recently used first. */
export async function listBases(store: FileStore): Promise<readonly StoredBase[]> {
  const bases = await Promise.all(
    Array.from(await idsOf(store), async (id) => {
      const manifest = await readManifest(store, id);
      return manifest && shown(manifest, await store.size(`${BASES}/${id}`));
    }),
  );
  return bases.filter((base) => base !== undefined).sort((a, b) => b.usedAt - a.usedAt);
}

/**
 * Search criteria for a base: a repository of the endpoint it came from (optionally at a branch, a tag or a commit), or
 * a model's hash.
 */
export type BaseQuery = { readonly load: LoadSettings } & (
  | { readonly endpoint: string; readonly repo: string; readonly revision?: string }
  | { readonly modelHash: string }
);

/** The newest base that matches a query; undefined if none does. */
export async function findBase(store: FileStore, query: BaseQuery): Promise<StoredBase | undefined> {
  const wanted = loadKey(query.load);
  const fits = ({ source, modelHash, load }: StoredBase): boolean => {
    if (loadKey(load) !== wanted) return false;
    if ('modelHash' in query) return modelHash === query.modelHash;
    if (source.kind !== 'hub' || source.repo !== query.repo || source.endpoint !== query.endpoint)
      return false;
    const { revision } = query;
    return revision === undefined || revision === source.commit || revision === source.revision;
  };
  const found = (await listBases(store)).filter(fits);
  return found.sort((a, b) => b.createdAt - a.createdAt)[0];
}

export async function removeBase(store: FileStore, id: string): Promise<void> {
  // Removing the manifest first invalidates the folder, even if the rest can't be removed now.
  await store.remove(`${BASES}/${id}/${MANIFEST}`);
  await store.remove(`${BASES}/${id}`);
}

/** Removes incomplete bases that crashes left. Don't call it while one is being written, in this tab or another. */
export async function removeUnfinishedBases(store: FileStore): Promise<void> {
  const paths = new Set(await store.list(BASES));
  for (const id of await idsOf(store)) {
    // A manifest that can't be read belongs to a later version of the program.
    if (paths.has(`${BASES}/${id}/${MANIFEST}`)) continue;
    // The next call tries again if this fails.
    await store.remove(`${BASES}/${id}`).catch(() => undefined);
  }
}

/**
 * Removes bases of local files that no run needs, and incomplete ones. Keeps those of a hub, because they would have to
 * be downloaded again. Call it within `withStorageLock`.
 */
export async function removeUnneededBases(store: FileStore, needed: ReadonlySet<unknown>): Promise<void> {
  for (const { id, source } of await listBases(store)) {
    if (source.kind === 'files' && !needed.has(id)) await removeBase(store, id);
  }
  await removeUnfinishedBases(store);
}

async function idsOf(store: FileStore): Promise<ReadonlySet<string>> {
  return new Set((await store.list(BASES)).map((path) => path.split('/')[1]!));
}
