import { createSHA1, createSHA256 } from 'hash-wasm';
import type { RepositoryFile } from './types';

/** A hash that is told a file's bytes in order. */
export interface ContentHash {
  update(bytes: Uint8Array): void;
  /** Whether the bytes told are the file's. */
  matches(): boolean;
}

/** The hash that tells whether a file's content is what the listing says; undefined if the listing says none. */
export async function contentHash(file: RepositoryFile): Promise<ContentHash | undefined> {
  const { sha256, gitId, size } = file;
  if (sha256 !== undefined) {
    const hash = await createSHA256();
    return { update: (bytes) => void hash.update(bytes), matches: () => hash.digest() === sha256 };
  }
  if (gitId !== undefined) {
    const hash = await createSHA1();
    // What git hashes: the kind and the length of the object stand before its content.
    hash.update(`blob ${size}\0`);
    return { update: (bytes) => void hash.update(bytes), matches: () => hash.digest() === gitId };
  }
  return undefined;
}
