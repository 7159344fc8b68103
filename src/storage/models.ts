import { array, number, object, safeParse, string } from 'valibot';
import { isTemporary, readJson, type FileStore } from './file_store';

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

/*
 * The files of models as they were kept for runs before there were bases. They are read and removed, and no more are
 * written: such a run goes on as it would have.
 */

const ROOT = 'models';
/** Written last: a folder without it is what a crash left. */
const MANIFEST = 'manifest.json';
const manifestSchema = object({
  name: string(),
  files: array(object({ name: string(), bytes: number() })),
});

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
export async function removeModelsExcept(store: FileStore, needed: ReadonlySet<unknown>): Promise<void> {
  const paths = await store.list(ROOT);
  const ids = new Set(paths.map((path) => path.split('/')[1]!));
  for (const id of ids) if (!needed.has(id)) await store.remove(`${ROOT}/${id}`);
  for (const path of paths) {
    if (isTemporary(path) && needed.has(path.split('/')[1]!)) await store.remove(path);
  }
}

export async function removeModel(store: FileStore, id: string): Promise<void> {
  await store.remove(`${ROOT}/${id}`);
}

/** In a folder of their own, so that no file can be called as the manifest is. */
function pathOf(id: string, name: string): string {
  return `${ROOT}/${id}/files/${name}`;
}
