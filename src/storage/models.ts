import { array, number, object, safeParse, string } from 'valibot';
import { sha256Hex } from '../core/bytes';
import { isTemporary, readJson, storageFull, writeJson, type FileStore } from './file_store';

/** A file of a model's folder. A `File` is one. */
export interface NamedBlob {
  readonly name: string;
  readonly content: Blob;
}

export interface StoredModel {
  readonly id: string;
  readonly name: string;
  readonly files: readonly NamedBlob[];
}

const ROOT = 'models';
/** Written last: a folder without it is what a crash left. */
const MANIFEST = 'manifest.json';
const manifestSchema = object({
  name: string(),
  files: array(object({ name: string(), bytes: number() })),
});

/** Hashed so many bytes at a time: no more of a file is ever in memory. */
const HASH_PART = 8 * 2 ** 20;

/** Names a model by its content: SHA-256 over names, sizes and the hashes of 8 MiB parts. */
export async function modelId(
  files: readonly NamedBlob[],
  onProgress: (bytes: number) => void = () => undefined,
): Promise<string> {
  const described: unknown[] = [];
  let done = 0;
  for (const { name, content } of inOrder(files)) {
    const hashes: string[] = [];
    for (let at = 0; at < content.size; at += HASH_PART) {
      const part = new Uint8Array(await content.slice(at, at + HASH_PART).arrayBuffer());
      hashes.push(await sha256Hex(part));
      done += part.length;
      onProgress(done);
    }
    described.push([name, content.size, hashes]);
  }
  return sha256Hex(new TextEncoder().encode(JSON.stringify(described)));
}

/**
 * Keeps a model's files, so that a run over them can go on after a reload. The same files are kept once.
 *
 * @param onProgress fraction done, of hashing and copying together
 * @returns the id that `openModel` takes
 * @throws TunesmithError `storage_full`, before anything is written where that can be told
 */
export async function putModel(
  store: FileStore,
  name: string,
  files: readonly NamedBlob[],
  onProgress: (fraction: number) => void = () => undefined,
): Promise<string> {
  const total = files.reduce((sum, { content }) => sum + content.size, 0);
  const id = await modelId(files, (bytes) => onProgress(bytes / (2 * total)));
  if (await openModel(store, id)) return id;
  const free = await store.free();
  if (free !== undefined && free < total) throw storageFull(name, total, free);
  let done = total;
  try {
    for (const file of inOrder(files)) {
      await store.write(pathOf(id, file.name), file.content);
      done += file.content.size;
      onProgress(done / (2 * total));
    }
    const manifest = {
      name,
      files: inOrder(files).map((file) => ({ name: file.name, bytes: file.content.size })),
    };
    await writeJson(store, `${ROOT}/${id}/${MANIFEST}`, manifest);
  } catch (error) {
    // Where there is too little room, half a model must not take what there is.
    await store.remove(`${ROOT}/${id}`).catch(() => undefined);
    throw error;
  }
  return id;
}

/** The files of a model, read as they are asked for; undefined where it isn't kept, or not whole. */
export async function openModel(store: FileStore, id: string): Promise<StoredModel | undefined> {
  const manifest = safeParse(manifestSchema, await readJson(store, `${ROOT}/${id}/${MANIFEST}`));
  if (!manifest.success) return undefined;
  const files: NamedBlob[] = [];
  for (const file of manifest.output.files) {
    const content = await store.open(pathOf(id, file.name));
    if (content?.size !== file.bytes) return undefined;
    files.push({ name: file.name, content });
  }
  return { id, name: manifest.output.name, files };
}

/** The models that are kept whole. */
export async function listModels(
  store: FileStore,
): Promise<readonly { readonly id: string; readonly name: string; readonly bytes: number }[]> {
  const ids = new Set((await store.list(ROOT)).map((path) => path.split('/')[1]!));
  const models = await Promise.all(Array.from(ids, (id) => openModel(store, id)));
  return models.flatMap((model) =>
    model ? [{ ...model, bytes: model.files.reduce((sum, { content }) => sum + content.size, 0) }] : [],
  );
}

/** Removes the models that no run needs, and what crashes left of others. */
export async function removeModelsExcept(store: FileStore, needed: ReadonlySet<string>): Promise<void> {
  const paths = await store.list(ROOT);
  const ids = new Set(paths.map((path) => path.split('/')[1]!));
  for (const id of ids) if (!needed.has(id)) await store.remove(`${ROOT}/${id}`);
  for (const path of paths) {
    if (isTemporary(path) && needed.has(path.split('/')[1]!)) await store.remove(path);
  }
}

/** In a folder of their own, so that no file can be called as the manifest is. */
function pathOf(id: string, name: string): string {
  return `${ROOT}/${id}/files/${name}`;
}

function inOrder(files: readonly NamedBlob[]): NamedBlob[] {
  return [...files].sort((a, b) => (a.name < b.name ? -1 : 1));
}
