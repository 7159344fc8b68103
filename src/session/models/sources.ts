import { TunesmithError } from '../../core/errors';
import { blobReader, type FileReader } from '../../core/file_reader';
import type { ModelReference } from '../../core/model_reference';
import type { ModelFolder } from '../../models/files';
import type { ModelIdentity } from './open';

/**
 * The person's choice on the page: the embedded model; a folder's files (config.json, weights, tokenizer*.json) or one
 * .gguf; a repository of the chosen hub; or a stored model by its id.
 */
export type ModelSource =
  | { readonly kind: 'demo' }
  | { readonly kind: 'files'; readonly name: string; readonly files: readonly File[] }
  | {
      readonly kind: 'hub';
      readonly repo: string;
      /** A branch, a tag or a commit; absent: the main branch. */
      readonly revision?: string;
      /** The .gguf file of a repository that has several; absent: its safetensors, or its only .gguf. */
      readonly file?: string;
    }
  | { readonly kind: 'stored'; readonly id: string };

/** The origin of a model: a folder, a hub, or storage. */
export type ModelOrigin =
  | { readonly kind: 'folder'; readonly identity: ModelIdentity; readonly folder: ModelFolder }
  | { readonly kind: 'hub'; readonly reference: ModelReference }
  | { readonly kind: 'stored'; readonly id: string };

/** A file from the person: of a model's folder, or of examples. */
export interface NamedBlob {
  readonly name: string;
  readonly content: Blob;
  /** Files with the same number have the same content, so that it need not be read again. */
  readonly id?: number;
}

export const DEMO_NAME = 'tunesmith-demo';
export const DEMO_EXAMPLES = 'pirate.jsonl';

/** The files of the page's own model. */
export const DEMO_FILES = [
  'config.json',
  'generation_config.json',
  'model.safetensors',
  'tokenizer.json',
  'tokenizer_config.json',
];

/** A folder of files that the person dropped or that are stored. */
export function folderOfBlobs(files: readonly NamedBlob[]): ModelFolder {
  return new Map(files.map(({ name, content }) => [name, blobReader(name, content)]));
}

/** Files by their own names, without folders. */
export function namedBlobs(files: readonly File[]): readonly NamedBlob[] {
  return files.map((file) => ({ name: file.name, content: file }));
}

/** The page's own model. Throws `demo_missing` if one of its files can't be downloaded. */
export async function demoFolder(base: string): Promise<ModelFolder> {
  const blobs = await Promise.all(
    DEMO_FILES.map(async (name) => ({ name, content: await fetched(`${base}models/demo/${name}`) })),
  );
  return folderOfBlobs(blobs);
}

export async function demoExamples(base: string): Promise<NamedBlob> {
  return { name: DEMO_EXAMPLES, content: await fetched(`${base}examples/${DEMO_EXAMPLES}`) };
}

/** Files of examples from the page. */
export function dataFiles(files: readonly NamedBlob[]): FileReader[] {
  return files.map(({ name, content }) => blobReader(name, content));
}

async function fetched(address: string): Promise<Blob> {
  const missing = (detail: string): TunesmithError =>
    new TunesmithError({ code: 'demo_missing', detail: `${address}: ${detail}` });
  const response = await fetch(address).catch((cause: unknown) => {
    throw missing(String(cause));
  });
  if (!response.ok) throw missing(`${response.status} ${response.statusText}`);
  return await response.blob();
}
