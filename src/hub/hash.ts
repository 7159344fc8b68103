import { createSHA1, createSHA256 } from 'hash-wasm';
import type { RepositoryFile } from './types';

/** A hash of a file's bytes, given in order. */
export interface ContentHash {
  update(bytes: Uint8Array): void;
  /** Whether the given bytes are the file's. */
  matches(): boolean;
}

/** The hash that checks a file's content against the listing; undefined if the listing has none. */
export async function contentHash(file: RepositoryFile): Promise<ContentHash | undefined> {
  const { sha256, gitId, size } = file;
  if (sha256 !== undefined) {
    const hash = await createSHA256();
    return { update: (bytes) => void hash.update(bytes), matches: () => hash.digest() === sha256 };
  }
  if (gitId !== undefined) {
    const hash = await createSHA1();
    // Git hashes the object's kind and length before its content.
    hash.update(`blob ${size}\0`);
    return { update: (bytes) => void hash.update(bytes), matches: () => hash.digest() === gitId };
  }
  return undefined;
}
