import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';

/** A repository as a test describes it. */
export interface ServedModel {
  /** `owner/name`. */
  readonly repo: string;
  /** 'model' unless given. */
  readonly kind?: 'dataset';
  /** Files of further branches, by their names. */
  readonly branches?: Readonly<Record<string, Readonly<Record<string, Uint8Array | string>>>>;
  /** A folder of files, or the files themselves by path. */
  readonly files: string | Readonly<Record<string, Uint8Array | string>>;
  /** Only for requests that bear this token. */
  readonly token?: string;
  /** As the Hub's card says it. */
  readonly license?: string;
  readonly downloads?: number;
  readonly likes?: number;
  readonly tags?: readonly string[];
  /** `text-generation` unless given. */
  readonly task?: string;
  /** The Hub's data on GGUF files. */
  readonly gguf?: { readonly architecture: string; readonly total: number };
}

export interface ServedFile {
  readonly path: string;
  readonly bytes: Buffer;
  readonly sha256: string;
  readonly gitId: string;
  /** Kept in large file storage: listed with its SHA-256 and handed out by the other host. */
  readonly large: boolean;
}

export interface Commit {
  readonly id: string;
  readonly files: ReadonlyMap<string, ServedFile>;
}

/** File names that the Hub always keeps in large file storage. */
const LARGE = /\.(safetensors|gguf|bin|model|parquet)$|^tokenizer\.json$/;

export async function makeCommit(files: ServedModel['files']): Promise<Commit> {
  const contents = typeof files === 'string' ? await filesBelow(files) : Object.entries(files);
  const served = new Map<string, ServedFile>();
  for (const [path, content] of contents) {
    const bytes = Buffer.from(typeof content === 'string' ? new TextEncoder().encode(content) : content);
    served.set(path, {
      path,
      bytes,
      sha256: createHash('sha256').update(bytes).digest('hex'),
      gitId: createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex'),
      large: LARGE.test(path),
    });
  }
  const described = [...served.values()].map(({ path, gitId }) => `${path} ${gitId}`).join('\n');
  return { id: createHash('sha1').update(described).digest('hex'), files: served };
}

async function filesBelow(folder: string): Promise<[string, Uint8Array][]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return Promise.all(
    paths.map(async (path): Promise<[string, Uint8Array]> => [
      relative(folder, path).split(sep).join('/'),
      await readFile(path),
    ]),
  );
}
